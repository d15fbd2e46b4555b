"""Files of every era and after people's round trips are read row by row; what cannot be read is kept and said."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taxi_assets.errors import ContractError, CorruptFileError
from taxi_assets.model.datasets import FOR_HIRE, GREEN_TAXI, HIGH_VOLUME, YELLOW_TAXI, Dataset, FileFormat
from taxi_assets.transform import reading
from taxi_assets.transform.reading import read_month

HEADER = (
    "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,"
    "PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,"
    "total_amount,congestion_surcharge"
)
ROW = "1,2021-01-01 00:30:10,2021-01-01 00:36:12,1,2.10,1,N,142,43,2,8,3,0.5,0,0,0.3,11.8,2.5"
BLANK = ",2021-01-01 00:30:10,2021-01-01 00:36:12,,2.10,,,142,43,,8,3,0.5,0,0,0.3,11.8,"


def _csv(folder: Path, *lines: str, end: str = "\r\n") -> Path:
    path = folder / "month.csv.gz"
    path.write_bytes(gzip.compress("".join(line + end for line in lines).encode()))
    return path


def _parquet(folder: Path, **columns: Any) -> Path:
    path = folder / "month.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def _rows(path: Path, dataset: Dataset = YELLOW_TAXI) -> list[dict[str, Any]]:
    file_format: FileFormat = "parquet" if path.suffix == ".parquet" else "csv.gz"
    stream = read_month(path, file_format, dataset.published_columns)
    return [row for batch in stream.batches for row in batch.to_pylist()]


def _yellow(**changes: Any) -> dict[str, Any]:
    """One row of yellow as Parquet columns."""
    names = HEADER.split(",")
    values: list[Any] = [1, datetime(2021, 1, 1, 0, 30), datetime(2021, 1, 1, 0, 36), 1, 2.1, 1, "N", 142, 43, 2]  # noqa: DTZ001
    values += [8.0, 3.0, 0.5, 0.0, 0.0, 0.3, 11.8, 2.5]
    columns = {name: pa.array([value]) for name, value in zip(names, values, strict=True)}
    return {**columns, **changes}


def test_a_row_arrives_in_canonical_columns(tmp_path: Path) -> None:
    [row] = _rows(_csv(tmp_path, HEADER, ROW))
    assert row["pickup_datetime"] == datetime(2021, 1, 1, 0, 30, 10)  # noqa: DTZ001
    assert (row["vendor_id"], row["pickup_location_id"], row["total_amount"]) == (1, 142, 11.8)
    assert (row["airport_fee"], row["pickup_longitude"], row["published_text"]) == (None, None, None)


def test_empty_fields_are_null_and_whole_numbers_stay_whole(tmp_path: Path) -> None:
    first, second = _rows(_csv(tmp_path, HEADER, ROW, BLANK))
    assert (second["vendor_id"], second["passenger_count"], second["store_and_fwd_flag"]) == (None, None, None)
    assert isinstance(first["vendor_id"], int)
    assert [first["source_row"], second["source_row"]] == [0, 1]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_a_blank_second_line_do_not_matter(tmp_path: Path, end: str) -> None:
    assert len(_rows(_csv(tmp_path, HEADER, "", ROW, ROW, end=end))) == 2


def test_stray_commas_at_the_end_of_rows_are_let_pass(tmp_path: Path) -> None:
    assert [row["total_amount"] for row in _rows(_csv(tmp_path, HEADER, f"{ROW},,", f"{ROW},,", ROW))] == [11.8] * 3


def test_spaces_around_column_names_do_not_matter(tmp_path: Path) -> None:
    assert _rows(_csv(tmp_path, HEADER.replace(",", ", "), ROW))[0]["total_amount"] == 11.8


def test_quoted_files_are_read(tmp_path: Path) -> None:
    header = '"Dispatching_base_num","Pickup_DateTime","DropOff_datetime","PUlocationID","DOlocationID","SR_Flag"'
    row = '"B02883","2017-08-26 15:09:51","2017-08-26 15:44:09","39","23",""'
    [trip] = _rows(_csv(tmp_path, header, row), FOR_HIRE)
    assert (trip["dispatching_base_num"], trip["pickup_location_id"], trip["sr_flag"]) == ("B02883", 39, None)


@pytest.mark.parametrize("bad", ["1,2021-01-01 00:30:10", f"{ROW},surplus,,", '"1,2021'])
def test_a_row_with_the_wrong_number_of_fields_is_kept_as_published_in_its_place(tmp_path: Path, bad: str) -> None:
    rows = _rows(_csv(tmp_path, HEADER, ROW, bad, ROW))
    assert [row["source_row"] for row in rows] == [0, 1, 2]
    assert [row["published_text"] for row in rows] == [None, bad, None]
    assert [row["total_amount"] for row in rows] == [11.8, None, 11.8]


def test_a_pickup_that_is_no_time_is_kept_as_published(tmp_path: Path) -> None:
    bad = ROW.replace("2021-01-01 00:30:10", "yesterday")
    rows = _rows(_csv(tmp_path, HEADER, ROW, bad))
    assert (rows[1]["pickup_datetime"], rows[1]["published_text"], rows[1]["total_amount"]) == (None, bad, 11.8)


def test_whole_numbers_written_as_doubles_are_whole_numbers(tmp_path: Path) -> None:
    as_doubles = ROW.replace("1,2021", "1.0,2021", 1)
    assert [row["vendor_id"] for row in _rows(_csv(tmp_path, HEADER, as_doubles, as_doubles))] == [1, 1]
    assert [row["vendor_id"] for row in _rows(_csv(tmp_path, HEADER, ROW, as_doubles))] == [1, 1]


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        ("2.10", "far", "trip_distance: 'far' in row 1"),
        ("1,2021", "1.5,2021", "vendor_id: '1.5' in row 1"),
        ("142", "99999", "pickup_location_id: '99999' in row 1"),
        ("2021-01-01 00:36:12", "later", "dropoff_datetime: 'later' in row 1"),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_naming_column_value_and_row(
    tmp_path: Path, was: str, is_now: str, said: str
) -> None:
    with pytest.raises(ContractError, match=said.replace("(", r"\(")):
        _rows(_csv(tmp_path, HEADER, ROW, ROW.replace(was, is_now, 1)))


def test_rows_keep_their_numbers_when_the_careful_reader_takes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_BLOCK_BYTES", 1_000)
    monkeypatch.setattr(reading, "BATCH_ROWS", 8)
    lines = [ROW.replace("11.8", f"{number}") for number in range(100)]
    rows = _rows(_csv(tmp_path, HEADER, *lines[:60], "cut", *lines[60:]))
    assert [row["source_row"] for row in rows] == list(range(101))
    assert [row["total_amount"] for row in rows if row["published_text"] is None] == list(range(100))


def test_the_text_codes_of_2009_become_codes_and_stay_visible(tmp_path: Path) -> None:
    header = (
        "vendor_name,Trip_Pickup_DateTime,Trip_Dropoff_DateTime,Passenger_Count,Trip_Distance,Start_Lon,Start_Lat,"
        "Rate_Code,store_and_forward,End_Lon,End_Lat,Payment_Type,Fare_Amt,surcharge,mta_tax,Tip_Amt,Tolls_Amt,Total_Amt"
    )
    trip = "{},2009-01-04 02:52:00,2009-01-04 03:02:00,1,2.63,-73.99,40.72,,{},-73.99,40.69,{},8.9,0.5,,0,0,9.4"
    published = [("VTS", "", "CASH"), ("CMT", "0", "Credit"), ("DDS", "1", "No Charge"), ("CMT", "N", "Barter")]
    rows = _rows(_csv(tmp_path, header, "", *(trip.format(*each) for each in published)))
    assert [row["vendor_id"] for row in rows] == [2, 1, None, 1]
    assert [row["vendor_text"] for row in rows] == ["VTS", "CMT", "DDS", "CMT"]
    assert [row["payment_type"] for row in rows] == [2, 1, 3, None]
    assert [row["payment_text"] for row in rows] == ["CASH", "Credit", "No Charge", "Barter"]
    assert [row["store_and_fwd_flag"] for row in rows] == [None, "N", "Y", "N"]
    assert (rows[0]["extra"], rows[0]["pickup_longitude"], rows[0]["pickup_location_id"]) == (0.5, -73.99, None)


def test_times_as_text_and_codes_as_doubles_in_parquet_are_read(tmp_path: Path) -> None:
    naive = _yellow(
        VendorID=pa.array([1.0]),
        tpep_pickup_datetime=pa.array(["2021-01-01 00:30:10"], pa.large_string()),
        congestion_surcharge=pa.nulls(1),
        __index_level_0__=pa.array([7]),
    )
    [row] = _rows(_parquet(tmp_path, **naive))
    assert row["pickup_datetime"] == datetime(2021, 1, 1, 0, 30, 10)  # noqa: DTZ001
    assert (row["vendor_id"], row["congestion_surcharge"]) == (1, None)


def test_a_pickup_text_that_is_no_time_in_parquet_is_kept_as_published(tmp_path: Path) -> None:
    [row] = _rows(_parquet(tmp_path, **_yellow(tpep_pickup_datetime=pa.array(["yesterday"]))))
    assert (row["pickup_datetime"], row["published_text"]) == (None, "pickup_datetime: yesterday")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"VendorID": pa.array([1.5])}, "vendor_id: 1.5 in row 0"),
        ({"PULocationID": pa.array([99_999])}, "pickup_location_id: 99999 in row 0"),
        ({"fare_amount": pa.array(["much"])}, "fare_amount: 'much' in row 0"),
        ({"tpep_dropoff_datetime": pa.array([0], pa.timestamp("us", "UTC"))}, "has the time zone UTC"),
    ],
)
def test_a_parquet_column_that_cannot_be_cast_without_loss_is_an_error(
    tmp_path: Path, change: dict[str, pa.Array], said: str
) -> None:
    with pytest.raises(ContractError, match=said):
        _rows(_parquet(tmp_path, **_yellow(**change)))


def test_not_a_number_means_missing(tmp_path: Path) -> None:
    [row] = _rows(_parquet(tmp_path, **_yellow(tip_amount=pa.array([float("nan")]))))
    assert row["tip_amount"] is None


def test_microseconds_reach_the_year_3019(tmp_path: Path) -> None:
    far = datetime(3019, 2, 3, 17, 24, 13)  # noqa: DTZ001
    [row] = _rows(_parquet(tmp_path, **_yellow(tpep_dropoff_datetime=pa.array([far], pa.timestamp("us")))))
    assert row["dropoff_datetime"] == far


def test_a_cut_gzip_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = _csv(tmp_path, HEADER, *[ROW] * 5_000)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CorruptFileError, match="cut off or damaged"):
        _rows(path)


def test_damaged_pages_in_parquet_are_an_error(tmp_path: Path) -> None:
    path = _parquet(tmp_path, **{name: pa.concat_arrays([value] * 5_000) for name, value in _yellow().items()})
    data = bytearray(path.read_bytes())
    data[100:300] = bytes(200)
    path.write_bytes(data)
    with pytest.raises((CorruptFileError, ContractError)):
        _rows(path)


@pytest.mark.parametrize("lines", [[HEADER], [HEADER, "", ""]])
def test_a_file_without_rows_is_an_error(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(CorruptFileError, match="The file has no rows"):
        _rows(_csv(tmp_path, *lines))


def test_a_file_with_absurdly_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 3)
    with pytest.raises(CorruptFileError, match="more than 3 rows"):
        _rows(_csv(tmp_path, HEADER, *[ROW] * 4))


def test_another_datasets_file_is_refused(tmp_path: Path) -> None:
    for dataset in (GREEN_TAXI, HIGH_VOLUME):
        with pytest.raises(ContractError, match="Columns missing"):
            _rows(_csv(tmp_path, HEADER.replace("tpep_", "").replace("fare_amount", "f"), ROW), dataset)
