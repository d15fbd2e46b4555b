"""What one can rely on in the counts of published rows."""

from __future__ import annotations

import csv
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest
from flit_core.buildapi import build_wheel

from taxi_assets.model.datasets import DATASETS, FOR_HIRE, GREEN_TAXI, HIGH_VOLUME, YELLOW_TAXI, Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.published_rows import known_until, published_rows

FACTS = "taxi_assets/model/published_rows.csv"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    text = files("taxi_assets.model").joinpath("published_rows.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize(
    ("publisher", "dataset", "month", "expected"),
    [
        ("tlc", GREEN_TAXI, "2020-03", 223_496),
        ("datatalks", GREEN_TAXI, "2020-03", 223_406),
        ("datatalks", GREEN_TAXI, "2020-08", 81_063),
        ("tlc", YELLOW_TAXI, "2021-01", 1_369_769),
        ("datatalks", YELLOW_TAXI, "2021-01", 1_369_765),
        ("tlc", FOR_HIRE, "2015-01", 2_720_786),
        ("tlc", HIGH_VOLUME, "2021-01", 11_908_468),
    ],
)
def test_a_count_belongs_to_publisher_dataset_and_month(
    publisher: str, dataset: Dataset, month: str, expected: int
) -> None:
    assert published_rows(publisher, dataset, Month.parse(month)) == expected


@pytest.mark.parametrize(
    ("publisher", "dataset", "month"),
    [
        ("tlc", GREEN_TAXI, "2013-08"),
        ("tlc", YELLOW_TAXI, "2024-06"),
        ("datatalks", YELLOW_TAXI, "2021-07"),
        ("datatalks", HIGH_VOLUME, "2021-01"),
        ("sample", GREEN_TAXI, "2020-03"),
    ],
)
def test_a_month_nobody_has_counted_has_no_count(publisher: str, dataset: Dataset, month: str) -> None:
    assert published_rows(publisher, dataset, Month.parse(month)) is None


@pytest.mark.parametrize(
    ("publisher", "dataset", "last"),
    [
        *(("tlc", dataset, "2024-05") for dataset in DATASETS.values()),
        ("datatalks", YELLOW_TAXI, "2021-03"),
        ("datatalks", HIGH_VOLUME, None),
        ("sample", YELLOW_TAXI, None),
    ],
)
def test_it_is_known_until_when_there_are_counts(publisher: str, dataset: Dataset, last: str | None) -> None:
    assert known_until(publisher, dataset) == (last and Month.parse(last))


def test_every_count_is_of_a_month_of_its_dataset(rows: list[dict[str, str]]) -> None:
    assert len(rows) > 500
    for row in rows:
        dataset, month = DATASETS[row["dataset"]], Month.parse(row["month"])
        assert dataset.first_month <= month <= Month(2024, 5), row
        assert published_rows(row["publisher"], dataset, month) == int(row["rows"]) > 0


def test_the_facts_are_sorted_and_each_is_said_once(rows: list[dict[str, str]]) -> None:
    keys = [(row["publisher"], row["dataset"], row["month"]) for row in rows]
    assert keys == sorted(set(keys))
    assert {publisher for publisher, *_ in keys} == {"tlc", "datatalks"}


def test_tlc_has_every_month_from_its_first_parquet_file_on(rows: list[dict[str, str]]) -> None:
    firsts = {"yellow": Month(2009, 1), "green": Month(2014, 1), "fhv": Month(2015, 1), "fhvhv": Month(2019, 2)}
    for name, first in firsts.items():
        months = [Month.parse(row["month"]) for row in rows if (row["publisher"], row["dataset"]) == ("tlc", name)]
        assert months == [first + i for i in range(Month(2024, 5) - first + 1)]


def test_the_facts_are_part_of_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    wheel = tmp_path / build_wheel(str(tmp_path))
    assert FACTS in zipfile.ZipFile(wheel).namelist()
