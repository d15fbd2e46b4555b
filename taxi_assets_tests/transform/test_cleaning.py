"""Every row is clean or quarantined, by rules with thresholds that hold at their edges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from taxi_assets.model.columns import arrow_schema
from taxi_assets.model.datasets import DATASETS, FOR_HIRE, GREEN_TAXI, HIGH_VOLUME, YELLOW_TAXI, Dataset
from taxi_assets.model.months import Month
from taxi_assets.transform.cleaning import CleanedMonth, flag_bits
from taxi_assets.transform.flags import FLAGS
from taxi_assets.transform.reading import TripStream
from taxi_assets.transform.rules import Profile

MONTH = Month(2021, 1)
NOON = datetime(2021, 1, 15, 12)  # noqa: DTZ001
USUAL: dict[str, Any] = {
    "pickup_datetime": NOON,
    "dropoff_datetime": NOON + timedelta(minutes=12),
    "trip_distance": 2.1,
    "fare_amount": 8.0,
    "extra": 3.0,
    "mta_tax": 0.5,
    "tip_amount": 0.0,
    "tolls_amount": 0.0,
    "improvement_surcharge": 0.3,
    "total_amount": 11.8,
    "vendor_id": 1,
    "passenger_count": 1,
    "rate_code_id": 1,
    "pickup_location_id": 142,
    "dropoff_location_id": 43,
    "payment_type": 2,
    "store_and_fwd_flag": "N",
}


def _stream(dataset: Dataset, rows: list[dict[str, Any]], batch_rows: int = 1_000) -> TripStream:
    ours = [("source_row", pa.int64()), ("published_text", pa.string())]
    schema = pa.schema([*arrow_schema(dataset.published_columns), *ours])
    full = [{**dict.fromkeys(schema.names), **row, "source_row": number} for number, row in enumerate(rows)]

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, len(full), batch_rows):
            yield pa.RecordBatch.from_pylist(full[start : start + batch_rows], schema=schema)

    return TripStream(schema, batches(), ())


def _clean(
    *rows: dict[str, Any],
    dataset: Dataset = YELLOW_TAXI,
    month: Month = MONTH,
    profile: Profile = Profile.DEFAULT,
    batch_rows: int = 1_000,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], CleanedMonth]:
    """The rows, each numbered, cleaned: (clean, quarantined, the month with its tally)."""
    cleaned = CleanedMonth(dataset, month, "file.csv.gz", _stream(dataset, list(rows), batch_rows), profile)
    pairs = list(cleaned)
    clean = [row for good, _ in pairs for row in good.to_pylist()]
    quarantined = [row for _, bad in pairs for row in bad.to_pylist()]
    return clean, quarantined, cleaned


def _reasons(row: dict[str, Any], **options: Any) -> list[str]:
    """Why a usual trip changed like this is quarantined; empty when it is clean."""
    clean, quarantined, _ = _clean({**USUAL, **row}, **options)
    return quarantined[0]["reasons"] if quarantined else [] if clean else ["lost"]


def _flags(row: dict[str, Any]) -> set[str]:
    clean, _, _ = _clean({**USUAL, **row})
    return {name for name, bit in flag_bits().items() if clean[0]["quality_flags"] & bit}


def test_a_usual_trip_is_clean_and_stamped() -> None:
    clean, quarantined, cleaned = _clean(USUAL)
    assert not quarantined
    assert (clean[0]["trip_month"], clean[0]["source_file"], clean[0]["source_row"]) == (
        MONTH.first_day,
        "file.csv.gz",
        0,
    )
    assert clean[0]["quality_flags"] == 0
    assert (cleaned.tally.raw, cleaned.tally.clean, cleaned.tally.quarantined) == (1, 1, 0)


@pytest.mark.parametrize(
    ("pickup", "reasons"),
    [
        (datetime(2021, 1, 1), []),  # noqa: DTZ001
        (datetime(2020, 12, 31, 23, 59, 59), ["pickup_outside_month"]),  # noqa: DTZ001
        (datetime(2021, 1, 31, 23, 59, 59), []),  # noqa: DTZ001
        (datetime(2021, 2, 1), ["pickup_outside_month"]),  # noqa: DTZ001
        (datetime(2009, 1, 1), ["pickup_outside_month"]),  # noqa: DTZ001
        (None, ["pickup_missing"]),
    ],
)
@pytest.mark.fault(12, 30)
def test_a_pickup_belongs_to_the_month_from_its_first_to_its_last_second(
    pickup: datetime | None, reasons: list[str]
) -> None:
    dropoff = pickup + timedelta(minutes=12) if pickup else NOON
    assert _reasons({"pickup_datetime": pickup, "dropoff_datetime": dropoff}) == reasons


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"dropoff_datetime": NOON}, []),
        ({"dropoff_datetime": NOON - timedelta(seconds=1)}, ["dropoff_before_pickup"]),
        ({"dropoff_datetime": NOON + timedelta(hours=24)}, []),
        ({"dropoff_datetime": NOON + timedelta(hours=24, seconds=1)}, ["longer_than_24_hours"]),
        ({"dropoff_datetime": None}, []),
        ({"pickup_location_id": 0}, ["zone_unknown"]),
        ({"pickup_location_id": 1, "dropoff_location_id": 265}, []),
        ({"dropoff_location_id": 266}, ["zone_unknown"]),
        ({"pickup_location_id": None}, []),
        ({"trip_distance": -0.01}, ["negative_distance"]),
        ({"trip_distance": 100.0}, []),
        ({"trip_distance": 100.01}, ["impossible_distance"]),
        ({"trip_distance": 110.0, "dropoff_datetime": NOON + timedelta(hours=1, minutes=6)}, []),
        ({"trip_distance": 110.1, "dropoff_datetime": NOON + timedelta(hours=1, minutes=6)}, ["impossible_distance"]),
        ({"trip_distance": 150.0, "dropoff_datetime": NOON}, ["impossible_distance"]),
        ({"dropoff_datetime": datetime(3019, 2, 3)}, ["longer_than_24_hours"]),  # noqa: DTZ001
        ({"published_text": "cut"}, ["unreadable"]),
        (
            {"pickup_location_id": 999, "trip_distance": -1.0, "dropoff_datetime": NOON - timedelta(hours=2)},
            ["dropoff_before_pickup", "zone_unknown", "negative_distance"],
        ),
    ],
)
@pytest.mark.fault(12)
def test_a_row_is_quarantined_for_every_reason_that_applies_and_only_beyond_the_edge(
    change: dict[str, Any], reasons: list[str]
) -> None:
    assert _reasons(change) == reasons


@pytest.mark.parametrize(
    ("pickup", "minutes", "reasons"),
    [
        (datetime(2020, 11, 1, 1, 50), -40, []),  # noqa: DTZ001
        (datetime(2020, 11, 1, 1, 50), -60, []),  # noqa: DTZ001
        (datetime(2020, 11, 1, 1, 50), -61, ["dropoff_before_pickup"]),  # noqa: DTZ001
        (datetime(2020, 11, 1, 2, 0), -10, ["dropoff_before_pickup"]),  # noqa: DTZ001
        (datetime(2020, 11, 1, 0, 59), -10, ["dropoff_before_pickup"]),  # noqa: DTZ001
        (datetime(2020, 11, 8, 1, 50), -10, ["dropoff_before_pickup"]),  # noqa: DTZ001
    ],
)
@pytest.mark.fault(30)
def test_in_novembers_repeated_hour_a_trip_may_end_an_hour_before_it_began(
    pickup: datetime, minutes: int, reasons: list[str]
) -> None:
    change = {"pickup_datetime": pickup, "dropoff_datetime": pickup + timedelta(minutes=minutes)}
    assert _reasons(change, month=Month(2020, 11)) == reasons
    if not reasons:
        clean, _, _ = _clean({**USUAL, **change}, month=Month(2020, 11))
        assert clean[0]["quality_flags"] & flag_bits()["repeated_hour"]


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        ({}, set()),
        ({"passenger_count": 0}, {"no_passengers"}),
        ({"passenger_count": None}, {"no_passengers"}),
        (
            {"passenger_count": None, "rate_code_id": None, "store_and_fwd_flag": None},
            {"no_passengers", "missing_block"},
        ),
        ({"fare_amount": -8.0, "total_amount": -4.2}, {"negative_amount"}),
        ({"trip_distance": 0.0}, {"zero_distance"}),
        ({"dropoff_datetime": NOON}, {"zero_duration"}),
        ({"total_amount": 11.81}, {"total_differs"}),
        ({"rate_code_id": 99}, {"rate_code_99"}),
        ({"vendor_id": 5}, {"unknown_code"}),
        ({"vendor_id": None, "payment_type": None}, set()),
        ({"payment_type": 7}, {"unknown_code"}),
    ],
)
def test_peculiar_rows_are_flagged_and_kept(change: dict[str, Any], flags: set[str]) -> None:
    assert _flags(change) == flags


def test_flag_bits_never_move() -> None:
    assert list(flag_bits())[:9] == [
        "no_passengers",
        "missing_block",
        "negative_amount",
        "zero_distance",
        "zero_duration",
        "total_differs",
        "rate_code_99",
        "unknown_code",
        "repeated_hour",
    ]
    assert len(FLAGS) < 31


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, []),
        ({"trip_distance": 0.19, "dropoff_datetime": NOON + timedelta(minutes=5)}, ["strict_distance"]),
        ({"dropoff_datetime": NOON + timedelta(seconds=59)}, ["strict_duration", "strict_speed"]),
        ({"dropoff_datetime": NOON + timedelta(minutes=241)}, ["strict_duration", "strict_speed"]),
        ({"fare_amount": 1.99}, ["strict_amounts"]),
        ({"total_amount": 2000.01}, ["strict_amounts"]),
        ({"passenger_count": 0}, []),
    ],
)
def test_the_strict_profile_keeps_plausible_trips_only(change: dict[str, Any], reasons: list[str]) -> None:
    assert _reasons(change, profile=Profile.STRICT) == reasons


@pytest.mark.parametrize(("passengers", "reasons"), [(0, ["zero_passengers"]), (None, []), (1, [])])
def test_the_tutorial_profile_drops_zero_passengers_and_keeps_unknown_ones(
    passengers: int | None, reasons: list[str]
) -> None:
    assert _reasons({"passenger_count": passengers}, profile=Profile.TUTORIAL) == reasons


def test_a_repeated_row_is_counted_apart_wherever_it_stands() -> None:
    rows = [{**USUAL, "fare_amount": 5.0 + number} for number in range(50)]
    clean, quarantined, cleaned = _clean(*rows, rows[3], rows[40], rows[3], batch_rows=16)
    assert [row["source_row"] for row in quarantined] == [50, 51, 52]
    assert {tuple(row["reasons"]) for row in quarantined} == {("duplicate",)}
    assert (cleaned.tally.raw, len(clean)) == (53, 50)
    assert (cleaned.tally.quarantined, cleaned.tally.duplicates) == (0, 3)


def test_rows_that_differ_in_one_column_only_are_no_duplicates() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"tip_amount": 0.01},
        {"passenger_count": None},
        {"passenger_count": 0},
        {"store_and_fwd_flag": "Y"},
    ]
    assert len(_clean(*({**USUAL, **change} for change in changes))[0]) == 5


def test_for_hire_trips_that_look_the_same_are_all_kept() -> None:
    trip = {"dispatching_base_num": "B00013", "pickup_datetime": NOON}
    assert len(_clean(trip, trip, trip, dataset=FOR_HIRE)[0]) == 3


@pytest.mark.parametrize("dataset", [GREEN_TAXI, HIGH_VOLUME])
def test_rules_apply_to_every_dataset_that_has_their_columns(dataset: Dataset) -> None:
    distance = "trip_miles" if dataset is HIGH_VOLUME else "trip_distance"
    known = {column.name for column in dataset.published_columns}
    usual = {name: value for name, value in USUAL.items() if name in known}
    _, quarantined, _ = _clean({**usual, distance: -1.0}, {**usual, "pickup_location_id": 0}, dataset=dataset)
    assert [row["reasons"] for row in quarantined] == [["negative_distance"], ["zone_unknown"]]


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_the_quarantine_has_the_columns_of_the_clean_month_and_its_own(dataset: Dataset) -> None:
    _, _, cleaned = _clean({"pickup_datetime": NOON}, dataset=dataset)
    assert cleaned.schema == dataset.schema
    assert cleaned.quarantine_schema.names == [*dataset.schema.names, "published_text", "reasons"]
