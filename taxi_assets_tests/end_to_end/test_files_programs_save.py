"""Files as spreadsheets, exports, pandas and Spark save them, through the whole path: as the plain file is."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pyarrow as pa
import pytest

from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.files_people_have import (
    ROWS,
    YELLOW_CSV,
    clean_rows,
    csv_rows,
    loaded,
    quarantine,
    write_csv,
    write_lines,
    write_parquet,
)
from taxi_assets_tests.helpers.run_month import checks

pytestmark = pytest.mark.slow

HEADER = YELLOW_CSV.encode()
TRIPS = csv_rows(YELLOW_CSV, Month(2021, 1))
LINES = [",".join(trip[name] for name in YELLOW_CSV.split(",")).encode() for trip in TRIPS]


def test_a_byte_order_mark_line_ends_of_windows_and_blank_lines_change_nothing(settings: Settings) -> None:
    loaded(write_csv(settings, "yellow", "2021-01", YELLOW_CSV, TRIPS), "yellow", "2021-01", ROWS)
    plain = clean_rows(settings, "yellow", "2021-01")
    lines = [b"\xef\xbb\xbf" + HEADER, b"", *LINES[:5], b"", b" ", *LINES[5:], b""]
    loaded(write_lines(settings, "yellow", "2021-01", lines, b"\r\n"), "yellow", "2021-01", ROWS)
    assert clean_rows(settings, "yellow", "2021-01") == plain


def test_rows_that_are_none_are_in_quarantine_with_their_bytes(settings: Settings) -> None:
    short, long = LINES[1][:40], LINES[2] + b",one,more"
    latin = LINES[3].replace(b",N,", b",\xc9,")
    lines = [HEADER, LINES[0], short, long, latin, *LINES[4:]]
    loaded(write_lines(settings, "yellow", "2021-01", lines), "yellow", "2021-01", ROWS - 3)
    found = quarantine(settings, "yellow", "2021-01")
    assert all("unreadable" in reasons for reasons, _ in found)
    assert [text for _, text in found] == [short.decode(), long.decode(), latin.decode(errors="backslashreplace")]
    assert "\ufffd" not in str(clean_rows(settings, "yellow", "2021-01"))


def test_one_cell_that_is_no_utf8_does_not_hide_the_others_of_its_row(settings: Settings) -> None:
    lines = [HEADER, *LINES[:3], LINES[3].replace(b",N,", b",\xc9,"), *LINES[4:]]
    loaded(write_lines(settings, "yellow", "2021-01", lines), "yellow", "2021-01", ROWS - 1)
    assert quarantine(settings, "yellow", "2021-01") == [(["unreadable"], "store_and_fwd_flag: \\xc9")]


def test_two_new_columns_of_one_name_are_both_carried_along_with_a_warning(settings: Settings) -> None:
    lines = [HEADER + b",note,Note,", *(line + b",a,b," for line in LINES)]
    result = loaded(write_lines(settings, "yellow", "2021-01", lines), "yellow", "2021-01", ROWS)
    warning = checks(result)["clean_trips no_unknown_columns"]
    assert (warning.passed, "note, Note" in (warning.description or "")) == (False, True)
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        found = connection.execute("SELECT DISTINCT note, note_2 FROM trips_data_all.yellow_taxi_trips").fetchall()
    assert found == [("a", "b")]


def test_a_file_that_went_through_pandas_or_spark_is_as_the_one_of_tlc(settings: Settings) -> None:
    loaded(write_parquet(settings, "2024-01"), "yellow", "2024-01", ROWS)
    plain = clean_rows(settings, "yellow", "2024-01")
    flags = pa.array(["N"] * (ROWS - 1) + [""])
    drop_offs = pa.array([row["dropoff_datetime"] for row in plain[:-1]] + [datetime(3019, 2, 3)], pa.timestamp("us"))  # noqa: DTZ001
    as_saved = {
        "VendorID": pa.array([1.0] * ROWS),
        "passenger_count": pa.array([float("nan"), *[1.0] * (ROWS - 1)]),
        "store_and_fwd_flag": flags.dictionary_encode(),
        "tpep_dropoff_datetime": drop_offs,
        "trip_type": pa.array(["street"] * ROWS),
        "ehail_fee": pa.array(["none"] * ROWS),
    }
    loaded(write_parquet(settings, "2024-01", int96=True, **as_saved), "yellow", "2024-01", ROWS - 1)
    [(reasons, _)] = quarantine(settings, "yellow", "2024-01")
    assert reasons == ["longer_than_24_hours"]
    expected = [{**row, "passenger_count": 1 if number else None} for number, row in enumerate(plain[:-1])]
    found = clean_rows(settings, "yellow", "2024-01")
    for row in (*expected, *found):
        row.pop("quality_flags")
    assert [{name: row[name] for name in expected[0]} for row in found] == expected
    assert {row["trip_type"] for row in found} == {"street"}


def test_a_zone_that_is_none_is_in_quarantine(settings: Settings) -> None:
    zones = pa.array([99_999, *range(100, 99 + ROWS)], pa.int32())
    loaded(write_parquet(settings, "2024-01", PULocationID=zones), "yellow", "2024-01", ROWS - 1)
    assert quarantine(settings, "yellow", "2024-01") == [(["unreadable"], "pickup_location_id: 99999")]


def test_the_flags_of_2009_are_letters_though_their_parquet_has_numbers(settings: Settings) -> None:
    names = {
        "VendorID": "vendor_name",
        "tpep_pickup_datetime": "Trip_Pickup_DateTime",
        "tpep_dropoff_datetime": "Trip_Dropoff_DateTime",
        "payment_type": "Payment_Type",
        "fare_amount": "Fare_Amt",
        "tip_amount": "Tip_Amt",
        "tolls_amount": "Tolls_Amt",
        "total_amount": "Total_Amt",
    }
    changes = {
        "vendor_name": pa.array(["VTS"] * ROWS),
        "Payment_Type": pa.array(["CASH"] * ROWS),
        "store_and_forward": pa.array([0.0, 1.0, None, *[0.0] * (ROWS - 3)]),
    }
    left_out = ("PULocationID", "DOLocationID", "store_and_fwd_flag", "RatecodeID")
    degrees = {f"{end}_{axis}": pa.array([-73.9] * ROWS) for end in ("Start", "End") for axis in ("Lon", "Lat")}
    code = {"Rate_Code": pa.array([None] * ROWS, pa.float64())}
    mirror = write_parquet(settings, "2009-01", renamed=names, left_out=left_out, **changes, **degrees, **code)
    loaded(mirror, "yellow", "2009-01", ROWS)
    found = clean_rows(settings, "yellow", "2009-01")
    assert [row["store_and_fwd_flag"] for row in found] == ["N", "Y", None, *["N"] * (ROWS - 3)]
    assert {(row["vendor_id"], row["vendor_text"], row["payment_type"]) for row in found} == {(2, "VTS", 2)}
