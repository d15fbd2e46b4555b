"""Small tables in Markdown: every cell stays in its column, whatever is in it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from taxi_assets.metadata.previews import ROWS, counted, first_rows, preview, table
from taxi_assets.transform.month_file import MonthFile, MonthWriter


def _file(path: Path, rows: int) -> MonthFile:
    schema = pa.schema([("source_row", pa.int64()), ("word", pa.string())])
    with MonthWriter(path, schema) as writer:
        for start in range(0, rows, 1_000):
            numbers = list(range(start, min(start + 1_000, rows)))
            writer.write(pa.record_batch([numbers, ["w"] * len(numbers)], schema=schema))
        writer.finish({})
    return MonthFile.local(path)


def test_a_preview_has_a_line_for_each_column_and_the_first_rows(tmp_path: Path) -> None:
    rows = first_rows(_file(tmp_path / "month.parquet", 200_000))
    assert [row["source_row"] for row in rows] == list(range(ROWS))
    assert preview(rows).splitlines()[2:] == ["| source_row | 0 | 1 | 2 | 3 |", "| word | w | w | w | w |"]


def test_a_month_shorter_than_a_preview_and_an_empty_one(tmp_path: Path) -> None:
    assert len(first_rows(_file(tmp_path / "two.parquet", 2))) == 2
    assert preview(first_rows(_file(tmp_path / "none.parquet", 0))) == "No rows."


def test_a_file_elsewhere_is_not_fetched_for_a_preview() -> None:
    assert first_rows(MonthFile("gs://bucket/name", 5, 1, pa.schema([]), {})) == []


def test_values_are_shown_as_people_write_them() -> None:
    moment = datetime(2021, 1, 1, 0, 30, 10)  # noqa: DTZ001
    row = {"time": moment, "day": date(2021, 1, 1), "none": None, "miles": 2.1, "degrees": -73.98012345, "whole": 12.0}
    shown = dict(line.strip("| ").split(" | ") for line in preview([{**row, "none": "-"}]).splitlines()[2:])
    assert shown == {
        "time": "2021-01-01 00:30:10",
        "day": "2021-01-01",
        "none": "-",
        "miles": "2.1",
        "degrees": "-73.98012345",
        "whole": "12",
    }
    assert preview([row]).splitlines()[4] == "| none |  |"


def test_counts_come_with_share_and_meaning_the_largest_first_and_none_without() -> None:
    counts = {"rare": 1, "never": 0, "often": 30}
    assert counted("reason", counts, 1_000, {"rare": "It is rare."}).splitlines() == [
        "| reason | rows | share | meaning |",
        "| --- | ---: | ---: | --- |",
        "| often | 30 | 3.00% |  |",
        "| rare | 1 | 0.10% | It is rare. |",
    ]
    assert counted("reason", {"never": 0}, 0) == "None."


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_no_text_breaks_out_of_its_cell(lines: list[list[str]]) -> None:
    found = table(["a", "b"], lines).split("\n")
    assert len(found) == 2 + len(lines)
    for line in found:
        assert line.replace(r"\|", "").count("|") == 3
