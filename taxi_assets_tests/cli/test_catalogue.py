"""What a reader of docs/catalogue.md can rely on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from taxi_assets.cli.catalogue import Appearance, appearances, months, page
from taxi_assets.model.datasets import DATASETS, FOR_HIRE, GREEN_TAXI, HIGH_VOLUME, YELLOW_TAXI, Dataset, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.transform.flags import FLAGS
from taxi_assets.transform.numbers import BOUNDS
from taxi_assets.transform.rules import DUPLICATE, PROFILES, QUARANTINE

RENEW = "taxi-assets catalogue > docs/catalogue.md"
FORMATS: tuple[FileFormat, ...] = ("csv.gz", "parquet")


def _section(title: str) -> str:
    return page().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _first_cells(text: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)


def test_the_catalogue_is_what_the_code_makes_now() -> None:
    written = Path(__file__).parents[2] / "docs" / "catalogue.md"
    is_current = written.is_file() and written.read_text(encoding="utf-8") == page()
    assert is_current, f"docs/catalogue.md is not what the code makes now. Renew it: {RENEW}"


def test_the_page_names_the_command_that_renews_it() -> None:
    assert RENEW in page()


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_every_column_is_described_in_table_order_and_every_published_one_traced(dataset: Dataset) -> None:
    described = [column.name for column in dataset.columns]
    traced = [column.name for column in dataset.columns if column.published]
    section = _section(dataset.title)
    assert _first_cells(section) == [*described, *traced]
    assert f"`{dataset.table}`" in section
    assert f"first month {dataset.first_month}." in section


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_every_described_column_has_been_published(dataset: Dataset) -> None:
    found = {name for file_format in FORMATS for name in appearances(dataset, file_format)}
    assert found == {column.name for column in dataset.columns if column.published}


@pytest.mark.parametrize(
    ("dataset", "file_format", "column", "expected"),
    [
        (YELLOW_TAXI, "csv.gz", "pickup_longitude", "2009-01 to 2016-06"),
        (YELLOW_TAXI, "parquet", "pickup_longitude", "2009-01 to 2010-12"),
        (YELLOW_TAXI, "parquet", "cbd_congestion_fee", "2025-01 to today"),
        (YELLOW_TAXI, "csv.gz", "congestion_surcharge", "2019-01 to 2021-07"),
        (GREEN_TAXI, "csv.gz", "trip_type", "2013-08 to 2021-07"),
        (GREEN_TAXI, "parquet", "trip_type", "2014-01 to today"),
        (FOR_HIRE, "csv.gz", "dispatching_base_num", "2015-01 to 2021-07"),
        (FOR_HIRE, "csv.gz", "other_base_num", "2018-01 to 2018-12"),
        (HIGH_VOLUME, "csv.gz", "hvfhs_license_num", "2019-02 to 2021-05"),
    ],
)
def test_a_column_has_the_months_of_its_publication(
    dataset: Dataset, file_format: FileFormat, column: str, expected: str
) -> None:
    assert months(appearances(dataset, file_format)[column]) == expected


def test_what_only_the_sample_writes_as_csv_is_not_said_to_be_published() -> None:
    assert "cbd_congestion_fee" not in appearances(YELLOW_TAXI, "csv.gz")


def test_months_without_a_column_divide_its_spans() -> None:
    found = [
        Appearance("a", Month(2009, 1), Month(2009, 12)),
        Appearance("b", Month(2010, 1), Month(2010, 3)),
        Appearance("a", Month(2012, 1), None),
    ]
    assert months(found) == "2009-01 to 2010-03, 2012-01 to today"


def test_a_column_is_listed_with_every_name_the_newest_first() -> None:
    names = "`tpep_pickup_datetime`, `pickup_datetime`, `Trip_Pickup_DateTime`"
    assert f"| `pickup_datetime` | {names} |" in _section(YELLOW_TAXI.title)
    assert "| `other_base_num` | `Dispatching_base_num` |" in _section(FOR_HIRE.title)


def test_our_own_columns_are_said_to_be_ours() -> None:
    ours = re.findall(r"^\| `(\w+)` .*\*\*Ours\.\*\*", _section(YELLOW_TAXI.title), re.MULTILINE)
    assert set(ours) == {"source_row", "trip_month", "quality_flags", "source_file", "vendor_text", "payment_text"}


def test_every_flag_has_its_bit_and_every_reason_its_meaning() -> None:
    flags, reasons = _section("quality_flags"), _section("Quarantine")
    assert re.findall(r"^\| (\d+) \| (\d+) \| `(\w+)` \|", flags, re.MULTILINE) == [
        (str(bit), str(2**bit), rule.name) for bit, rule in enumerate(FLAGS)
    ]
    every = [*QUARANTINE, DUPLICATE, *(rule for rules in PROFILES.values() for rule in rules)]
    assert _first_cells(reasons) == list(dict.fromkeys(reason.name for reason in every))
    assert all(f"| {reason.doc} |" in reasons for reason in every)


def test_every_reason_is_listed_with_the_profile_that_knows_it() -> None:
    found = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", _section("Quarantine"), re.MULTILINE))
    for profile, rules in PROFILES.items():
        for rule in rules:
            assert found[rule.name] == ("all" if rule in QUARANTINE else f"`{profile.value}`")
    assert found["duplicate"] == "all"
    assert {name for name, profile in found.items() if profile != "all"} == {
        "strict_distance",
        "strict_duration",
        "strict_speed",
        "strict_amounts",
        "zero_passengers",
    }


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_quarantine_is_said_to_be_a_table_beside_the_trips_and_a_folder_of_the_lake(dataset: Dataset) -> None:
    assert f"`{dataset.table}_quarantine` has the rows" in _section(dataset.title)
    assert "the lake's folder `quarantine`" in _section("Quarantine")


def test_what_is_unreadable_is_listed_with_every_bound_and_its_reason() -> None:
    section = page().partition("\n### unreadable\n")[2]
    for bound in BOUNDS:
        assert f"| {bound.what} | {bound.below:,} | {bound.why} |" in section
    assert "more than 1% of a column's values" in section
    assert "`max_quarantined_share`" in section


def test_datasets_without_duplicates_are_named() -> None:
    assert "No row is called a duplicate in `fhv`," in _section("Quarantine")


def test_every_row_of_a_table_has_the_cells_of_its_head() -> None:
    tables = re.findall(r"(?:^\|.*\n)+", page(), re.MULTILINE)
    assert len(tables) == 2 * len(DATASETS) + 3
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table


def test_every_link_leads_to_a_heading() -> None:
    headings = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.+)$", page(), re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", page())) <= headings
