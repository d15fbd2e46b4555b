"""What every database of trips must do, as tests to inherit.

A class whose name begins with `Test` inherits from `TableStoreContract` and has a fixture `place`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from taxi_assets.destinations.table_store import TableStore
from taxi_assets.destinations.zone_table import ZoneTable
from taxi_assets.errors import MissingTableError, TaxiError
from taxi_assets.model.datasets import HIGH_VOLUME
from taxi_assets.model.months import Month
from taxi_assets.model.zones import COLUMNS, read_zones
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.transform.checksums import ChecksumBuilder, Checksums
from taxi_assets.transform.daily import as_table, daily_query
from taxi_assets.transform.month_file import MonthFile, MonthFiles
from taxi_assets_tests.destinations.month_files import FEBRUARY, JANUARY, SOURCE_FILE, damaged, ends, month_files

TABLE = "yellow_taxi_trips"
VIEW = f"{TABLE}_with_zones"
DESCRIPTIONS = {"fare_amount": "The driver's fare. In US dollars.", "base": "The base of the vehicle."}
ZONES = read_zones(zone_lookup())
UNNAMED = tuple(replace(zone, borough=None, zone=None, service_zone=None) for zone in ZONES)


class Place(ABC):
    """An empty database."""

    @abstractmethod
    def store(self) -> TableStore:
        """The table TABLE with the descriptions DESCRIPTIONS, for a new run."""

    @abstractmethod
    def zones(self) -> ZoneTable[Any]:
        """The table taxi_zones."""

    @abstractmethod
    def full_name(self, table: str) -> str:
        """What people call a table or view, with its schema or dataset."""

    @abstractmethod
    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The answer to a SELECT that calls tables by their bare names."""

    @abstractmethod
    def comments(self, table: str) -> Mapping[str, str] | None:
        """The comment on each column of a table; None where the database has no comments."""

    changes_types: bool = True
    """Whether the database can change the type of a column that holds rows."""

    def delivered(self, files: MonthFiles) -> MonthFiles:
        """The files where the store can load them."""
        return files

    def load(self, month: Month, files: MonthFiles) -> int:
        """Loads a month in a run of its own."""
        return self.store().replace_month(month, self.delivered(files))


class TableStoreContract:
    """The tests; `place` is an empty database for each."""

    def test_a_month_adds_up_in_the_database_to_what_it_did_in_its_file(self, place: Place, tmp_path: Path) -> None:
        files = month_files(tmp_path, JANUARY, 2_500)
        assert place.load(JANUARY, files) == 2_500
        found = place.store().checksums(JANUARY)
        assert found.differences(_checksums(files.clean)) == []
        assert set(found.columns) == set(files.clean.schema.names)

    def test_replacing_a_month_leaves_one_copy_and_the_others_alone(self, place: Place, tmp_path: Path) -> None:
        for month, rows in ((JANUARY, 100), (FEBRUARY, 50), (JANUARY, 70)):
            assert place.load(month, month_files(tmp_path, month, rows)) == rows
        assert _counts(place) == (70, 50)

    def test_a_month_run_twice_is_there_once(self, place: Place, tmp_path: Path) -> None:
        files = month_files(tmp_path, JANUARY, 100, quarantined=10)
        for _ in range(2):
            assert place.load(JANUARY, files) == 100
        assert _counts(place) == (100, 0)
        assert _quarantined(place, JANUARY) == 10
        assert place.store().checksums(JANUARY) == _checksums(files.clean)

    def test_the_quarantine_is_replaced_with_the_clean_rows(self, place: Place, tmp_path: Path) -> None:
        place.load(JANUARY, month_files(tmp_path, JANUARY, 100, quarantined=10))
        place.load(FEBRUARY, month_files(tmp_path, FEBRUARY, 100, quarantined=5))
        place.load(JANUARY, month_files(tmp_path, JANUARY, 80, quarantined=30))
        assert (_quarantined(place, JANUARY), _quarantined(place, FEBRUARY)) == (30, 5)
        place.load(JANUARY, month_files(tmp_path, JANUARY, 110))
        assert (_quarantined(place, JANUARY), _counts(place)) == (0, (110, 100))

    def test_a_month_that_is_not_there_counts_nothing_and_cannot_be_read(self, place: Place, tmp_path: Path) -> None:
        store = place.store()
        assert (store.count(JANUARY), store.source_file(JANUARY)) == (0, None)
        with pytest.raises(MissingTableError):
            store.checksums(JANUARY)
        with pytest.raises(MissingTableError):
            store.month(JANUARY).frame()
        place.load(FEBRUARY, month_files(tmp_path, FEBRUARY, 10))
        assert (store.count(JANUARY), store.source_file(JANUARY)) == (0, None)
        assert (store.checksums(JANUARY).rows, len(store.month(JANUARY).frame())) == (0, 0)

    def test_the_published_file_of_a_month_is_known(self, place: Place, tmp_path: Path) -> None:
        place.load(JANUARY, month_files(tmp_path, JANUARY, 10))
        place.load(FEBRUARY, month_files(tmp_path, FEBRUARY, 10, {"source_file": pa.array(["other.parquet"] * 10)}))
        assert place.store().source_file(JANUARY) == SOURCE_FILE
        assert place.store().source_file(FEBRUARY) == "other.parquet"

    def test_a_month_is_read_back_as_a_data_frame(self, place: Place, tmp_path: Path) -> None:
        files = month_files(tmp_path, FEBRUARY, 50)
        place.load(JANUARY, month_files(tmp_path, JANUARY, 100))
        place.load(FEBRUARY, files)
        frame = place.store().month(FEBRUARY).frame().sort_values("source_row")
        assert set(frame.columns) == set(files.clean.schema.names)
        assert list(frame["source_row"]) == list(range(50))
        assert list(frame["fare_amount"]) == [(row - 3) / 8 for row in range(50)]
        assert list(frame["vendor_id"].isna()) == [row % 5 == 0 for row in range(50)]

    def test_a_new_column_is_added_and_older_months_read_null(self, place: Place, tmp_path: Path) -> None:
        place.load(JANUARY, month_files(tmp_path, JANUARY, 10))
        place.load(FEBRUARY, month_files(tmp_path, FEBRUARY, 10, {"request_source": pa.array(["app"] * 10)}))
        assert list(place.store().month(FEBRUARY).frame()["request_source"]) == ["app"] * 10
        assert place.store().month(JANUARY).frame()["request_source"].isna().all()
        place.load(JANUARY, month_files(tmp_path, JANUARY, 20))
        assert _counts(place) == (20, 10)

    def test_a_column_that_was_carried_as_numbers_is_text_from_then_on(self, place: Place, tmp_path: Path) -> None:
        place.load(JANUARY, month_files(tmp_path, JANUARY, 10, {"surge": pa.array(range(10), pa.int64())}))
        place.zones().replace(ZONES)
        place.zones().join(TABLE)
        texts = month_files(tmp_path, FEBRUARY, 10, {"surge": pa.array([f"{row}.5" for row in range(10)])})
        if not place.changes_types:
            with pytest.raises(TaxiError, match="surge"):
                place.load(FEBRUARY, texts)
            return
        place.load(FEBRUARY, texts)
        assert sorted(place.store().month(JANUARY).frame()["surge"]) == [str(row) for row in range(10)]
        assert place.store().checksums(FEBRUARY) == _checksums(texts.clean)
        assert len(place.ask(f"SELECT surge, pickup_zone FROM {VIEW} WHERE trip_month = '{FEBRUARY.key}'")) == 10  # noqa: S608 names of the tests

    def test_a_column_that_was_carried_as_text_takes_the_type_that_it_is_described_with(
        self, place: Place, tmp_path: Path
    ) -> None:
        texts = {"fare_amount": pa.array([f"{row}.5" for row in range(10)])}
        place.load(JANUARY, month_files(tmp_path, JANUARY, 10, texts))
        numbers = month_files(tmp_path, FEBRUARY, 10)
        if not place.changes_types:
            with pytest.raises(TaxiError, match="fare_amount"):
                place.load(FEBRUARY, numbers)
            return
        place.load(FEBRUARY, numbers)
        assert sorted(place.store().month(JANUARY).frame()["fare_amount"]) == [row + 0.5 for row in range(10)]
        assert place.store().checksums(FEBRUARY) == _checksums(numbers.clean)

    def test_texts_that_all_differ_are_summed_up_in_bounded_memory(self, place: Place, tmp_path: Path) -> None:
        rows = 50_000
        files = month_files(tmp_path, JANUARY, rows, {"ride": pa.array([f"{row:032x}" for row in range(rows)])})
        place.load(JANUARY, files)
        assert place.store().checksums(JANUARY) == _checksums(files.clean)

    def test_a_column_of_another_type_is_refused_and_nothing_changes(self, place: Place, tmp_path: Path) -> None:
        place.load(JANUARY, month_files(tmp_path, JANUARY, 10, quarantined=5))
        files = month_files(tmp_path, JANUARY, 20, {"fare_amount": pa.array(range(20), pa.int64())}, quarantined=5)
        with pytest.raises(TaxiError, match="fare_amount"):
            place.load(JANUARY, files)
        assert (_counts(place), _quarantined(place, JANUARY)) == ((10, 0), 5)

    def test_rows_of_another_month_are_refused_and_nothing_changes(self, place: Place, tmp_path: Path) -> None:
        place.load(JANUARY, month_files(tmp_path, JANUARY, 10))
        _fails(place, JANUARY, month_files(tmp_path, FEBRUARY, 20))
        assert _counts(place) == (10, 0)

    def test_a_load_that_breaks_in_the_middle_leaves_the_old_month(self, place: Place, tmp_path: Path) -> None:
        old = month_files(tmp_path, JANUARY, 10)
        place.load(JANUARY, old)
        files = month_files(tmp_path, JANUARY, 3_000)
        _fails(place, JANUARY, replace(files, clean=damaged(files.clean)))
        assert place.store().checksums(JANUARY) == _checksums(old.clean)
        assert place.load(JANUARY, month_files(tmp_path, JANUARY, 3_000)) == 3_000

    def test_a_quarantine_that_cannot_be_loaded_leaves_the_old_month(self, place: Place, tmp_path: Path) -> None:
        place.load(JANUARY, month_files(tmp_path, JANUARY, 10, quarantined=5))
        files = month_files(tmp_path, JANUARY, 20, quarantined=3_000)
        _fails(place, JANUARY, replace(files, quarantine=damaged(files.quarantine)))
        assert (_counts(place), _quarantined(place, JANUARY)) == ((10, 0), 5)

    def test_columns_carry_their_descriptions(self, place: Place, tmp_path: Path) -> None:
        place.load(JANUARY, month_files(tmp_path, JANUARY, 1))
        new = {"request_source": pa.array(["app"]), "foo_bar": pa.array(["x"])}
        place.load(FEBRUARY, month_files(tmp_path, FEBRUARY, 1, new, published={"foo_bar": "it's.foo%s"}))
        place.zones().replace(ZONES)
        if place.comments(TABLE) is None:
            pytest.skip("this database keeps no comments on columns")
        for table in (TABLE, f"{TABLE}_quarantine"):
            assert (place.comments(table) or {})["fare_amount"] == "The driver's fare. In US dollars."
        undescribed = (place.comments(TABLE) or {})["request_source"]
        assert undescribed == "Not in TLC's data dictionary when this was written."
        assert (place.comments(TABLE) or {})["foo_bar"] == f"{undescribed} Published as it's.foo%s."
        assert place.comments("taxi_zones") == {column.name: column.description for column in COLUMNS}

    def test_the_last_zones_written_are_those_that_are_there(self, place: Place) -> None:
        assert place.zones().rows() == []
        assert place.zones().replace(UNNAMED) == place.full_name("taxi_zones")
        assert place.zones().rows() == list(UNNAMED)
        for _ in range(2):
            place.zones().replace(ZONES)
            assert place.zones().rows() == list(ZONES)
        assert place.ask("SELECT count(*) FROM taxi_zones") == [(265,)]

    def test_the_view_has_every_trip_once_and_the_names_of_its_zones(self, place: Place, tmp_path: Path) -> None:
        place.zones().replace(ZONES)
        place.load(JANUARY, month_files(tmp_path, JANUARY, 4, ends([2, None, 265, 2])))
        assert place.zones().join(TABLE) == place.full_name(VIEW)
        found = place.ask(
            f"SELECT source_row, pickup_borough, pickup_zone, dropoff_zone FROM {VIEW}"  # noqa: S608 names of the tests
            " WHERE trip_month = '2021-01-01' ORDER BY 1"
        )
        assert found == [
            (0, "Brooklyn", "Sample zone 2", "Sample zone 4"),
            (1, None, None, "Sample zone 4"),
            (2, "N/A", "Sample zone 265", "Sample zone 4"),
            (3, "Brooklyn", "Sample zone 2", "Sample zone 4"),
        ]

    def test_the_view_follows_new_columns_months_and_names(self, place: Place, tmp_path: Path) -> None:
        place.zones().replace(UNNAMED)
        place.load(JANUARY, month_files(tmp_path, JANUARY, 3, ends([1, 2, 3])))
        place.zones().join(TABLE)
        new = {"request_source": pa.array(["app"] * 2)}
        place.load(FEBRUARY, month_files(tmp_path, FEBRUARY, 2, {**ends([1, 2]), **new}))
        query = f"SELECT {{}} FROM {VIEW} WHERE trip_month >= '2021-01-01'"  # noqa: S608 names of the tests
        assert place.ask(query.format("count(*), count(pickup_zone)")) == [(5, 0)]
        for _ in range(2):
            place.zones().join(TABLE)
        place.zones().replace(ZONES)
        found = place.ask(query.format("request_source, count(pickup_zone)") + " GROUP BY 1")
        assert sorted(found, key=str) == [("app", 2), (None, 3)]

    def test_a_view_without_its_tables_says_which_are_missing(self, place: Place, tmp_path: Path) -> None:
        with pytest.raises(MissingTableError) as raised:
            place.zones().join(TABLE)
        assert raised.value.tables == ("taxi_zones", TABLE)
        place.load(JANUARY, month_files(tmp_path, JANUARY, 1))
        with pytest.raises(MissingTableError, match="taxi_zones") as raised:
            place.zones().join(TABLE)
        assert raised.value.tables == ("taxi_zones",)
        place.zones().replace(ZONES)
        with pytest.raises(MissingTableError, match="green_taxi_trips") as raised:
            place.zones().join("green_taxi_trips")
        assert raised.value.tables == ("green_taxi_trips",)

    def test_a_month_answers_a_query_over_its_rows_alone_and_the_zones(self, place: Place, tmp_path: Path) -> None:
        for month, rows in ((JANUARY, 3), (FEBRUARY, 2)):
            place.load(month, month_files(tmp_path, month, rows, ends([2] * rows)))
        january = place.store().month(JANUARY)
        query = (
            "SELECT borough, count(*) AS n FROM trips"
            " LEFT JOIN taxi_zones ON location_id = pickup_location_id GROUP BY 1"
        )
        with pytest.raises(MissingTableError, match="taxi_zones"):
            january.query(query)
        place.zones().replace(ZONES)
        assert january.query(query).to_dict("records") == [{"borough": "Brooklyn", "n": 3}]

    def test_the_daily_sums_of_a_month_are_computed_here(self, place: Place, tmp_path: Path) -> None:
        amounts = {
            name: pa.array([value, value, None, value])
            for name, value in {"trip_miles": 1.1, "base_passenger_fare": 2.25, "tips": 0.0, "tolls": 6.94}.items()
        }
        place.zones().replace(ZONES)
        place.load(JANUARY, month_files(tmp_path, JANUARY, 4, {**ends([2, 2, 2, None]), **amounts}))
        [nowhere, brooklyn] = sorted(
            as_table(place.store().month(JANUARY).query(daily_query(HIGH_VOLUME))).to_dict("records"),
            key=lambda row: int(row["trips"]),
        )
        assert (nowhere["trips"], nowhere["miles"]) == (1, 1.1)
        assert pd.isna(nowhere["pickup_borough"])
        assert (brooklyn["dataset"], brooklyn["day"], brooklyn["pickup_borough"]) == (
            "fhvhv",
            JANUARY.first_day,
            "Brooklyn",
        )
        assert [brooklyn[name] for name in ("trips", "miles", "fare", "tips", "tolls")] == [3, 2.2, 4.5, 0.0, 13.88]


def _counts(place: Place) -> tuple[int, int]:
    """The clean rows of January and February."""
    return place.store().count(JANUARY), place.store().count(FEBRUARY)


def _quarantined(place: Place, month: Month) -> int:
    query = f"SELECT count(*) FROM {TABLE}_quarantine WHERE trip_month = '{month.key}'"  # noqa: S608 names of the tests
    return int(place.ask(query)[0][0])


def _checksums(file: MonthFile) -> Checksums:
    """Those that are built while a month is written."""
    builder = ChecksumBuilder(frozenset(file.schema.names) - DESCRIPTIONS.keys())
    for batch in file.batches():
        builder.add(batch)
    return builder.checksums()


def _fails(place: Place, month: Month, files: MonthFiles) -> None:
    """Loads a month that cannot be loaded; which error it is depends on the database's client."""
    with pytest.raises(Exception):  # noqa: B017, PT011
        place.load(month, files)
