"""Files of every era and after people's round trips are read row by row; what cannot be read is kept and said."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taxi_assets import bounds
from taxi_assets.errors import ContractError, CorruptFileError
from taxi_assets.model.datasets import FOR_HIRE, GREEN_TAXI, HIGH_VOLUME, YELLOW_TAXI, Dataset, FileFormat
from taxi_assets.transform import csv_input
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
    assert (rows[1]["pickup_datetime"], rows[1]["published_text"]) == (None, "pickup_datetime: yesterday")
    assert rows[1]["total_amount"] == 11.8


def test_whole_numbers_written_as_doubles_are_whole_numbers(tmp_path: Path) -> None:
    as_doubles = ROW.replace("1,2021", "1.0,2021", 1)
    assert [row["vendor_id"] for row in _rows(_csv(tmp_path, HEADER, as_doubles, as_doubles))] == [1, 1]
    assert [row["vendor_id"] for row in _rows(_csv(tmp_path, HEADER, ROW, as_doubles))] == [1, 1]


@pytest.mark.parametrize(
    ("was", "is_now", "kept"),
    [
        ("2.10", "far", "trip_distance: far"),
        ("2.10", "inf", "trip_distance: inf"),
        ("1,2021", "1.5,2021", "vendor_id: 1.5"),
        ("142", "99999", "pickup_location_id: 99999"),
        ("2021-01-01 00:36:12", "later", "dropoff_datetime: later"),
        ("2021-01-01 00:36:12", "0000-00-00", "dropoff_datetime: 0000-00-00"),
        ("2021-01-01 00:36:12", "2021-01-01 00:36:60", "dropoff_datetime: 2021-01-01 00:36:60"),
        ("11.8", "$11.80", "total_amount: $11.80"),
        ("11.8", '"1,208.00"', "total_amount: 1,208.00"),
        (",1,2.10", ",40000,2.10", "passenger_count: 40000"),
    ],
)
def test_a_value_that_does_not_fit_is_kept_beside_its_row_as_published(
    tmp_path: Path, was: str, is_now: str, kept: str
) -> None:
    rows = _rows(_csv(tmp_path, HEADER, ROW, ROW.replace(was, is_now, 1), ROW))
    assert [row["published_text"] for row in rows] == [None, kept, None]
    assert rows[1][kept.partition(":")[0]] is None
    assert [row["source_row"] for row in rows] == [0, 1, 2]
    assert rows[0]["total_amount"] == rows[2]["total_amount"] == 11.8


def test_all_that_does_not_fit_in_a_row_is_kept(tmp_path: Path) -> None:
    bad = ROW.replace("142", "99999").replace("2.10", "far")
    assert (
        _rows(_csv(tmp_path, HEADER, ROW, bad))[1]["published_text"] == "trip_distance: far; pickup_location_id: 99999"
    )


@pytest.mark.parametrize("word", ["NULL", "nan", "NaN", "NA", "N/A", "None", " "])
def test_words_for_nothing_are_null(tmp_path: Path, word: str) -> None:
    row = ROW.replace(",1,2.10,1,N,", f",{word},2.10,{word},{word},")
    [_, found] = _rows(_csv(tmp_path, HEADER, ROW, row))
    assert (found["passenger_count"], found["rate_code_id"], found["store_and_fwd_flag"]) == (None, None, None)
    assert found["published_text"] is None


def test_blanks_around_values_do_not_matter(tmp_path: Path) -> None:
    [_, row] = _rows(_csv(tmp_path, HEADER, ROW, ROW.replace(",", " , ")))
    assert (row["pickup_datetime"], row["store_and_fwd_flag"]) == (datetime(2021, 1, 1, 0, 30, 10), "N")  # noqa: DTZ001
    assert row["published_text"] is None


@pytest.mark.parametrize("with_a_ragged_row", [False, True])
def test_bytes_that_are_no_text_are_kept_so_that_they_can_be_seen(tmp_path: Path, with_a_ragged_row: bool) -> None:
    lines = [HEADER, ROW, ROW.replace(",N,", ",\xc9,"), *(["1,2"] if with_a_ragged_row else [])]
    path = tmp_path / "month.csv.gz"
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode("latin-1")))
    rows = _rows(path)
    assert rows[1]["store_and_fwd_flag"] is None
    assert "\\xc9" in rows[1]["published_text"]
    assert not any("\ufffd" in str(value) for row in rows for value in row.values())


def test_no_text_holds_a_nul(tmp_path: Path) -> None:
    rows = _rows(_csv(tmp_path, HEADER, ROW, ROW.replace(",N,", ",\0,")))
    assert (rows[1]["store_and_fwd_flag"], rows[1]["published_text"]) == (None, "store_and_fwd_flag: \\x00")


@pytest.mark.fault(11)
def test_a_column_of_which_no_value_can_be_read_refuses_the_month(tmp_path: Path) -> None:
    bad = ROW.replace("2.10", "far")
    with pytest.raises(ContractError, match=r"trip_distance cannot be read in 3 of 3 rows, for example 'far'"):
        _rows(_csv(tmp_path, HEADER, bad, bad, bad))


def test_a_column_of_which_too_many_values_cannot_be_read_refuses_the_month(tmp_path: Path) -> None:
    few = [ROW.replace("2.10", "far")] * 150
    with pytest.raises(ContractError, match="trip_distance cannot be read in 150 of 1,150 rows"):
        _rows(_csv(tmp_path, HEADER, *few, *[ROW] * 1_000))
    assert len(_rows(_csv(tmp_path, HEADER, *few, *[ROW] * 20_000))) == 20_150


def test_rows_keep_their_numbers_when_the_careful_reader_takes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_input, "_BLOCK_BYTES", 1_000)
    monkeypatch.setattr(csv_input, "BATCH_ROWS", 8)
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
    pickups = pa.array(["2021-01-01 00:30:10", "yesterday"])
    columns = {name: pa.concat_arrays([value] * 2) for name, value in _yellow().items()}
    rows = _rows(_parquet(tmp_path, **{**columns, "tpep_pickup_datetime": pickups}))
    assert (rows[1]["pickup_datetime"], rows[1]["published_text"]) == (None, "pickup_datetime: yesterday")


@pytest.mark.parametrize(
    ("name", "values", "kept"),
    [
        ("VendorID", pa.array([1.0, 1.5]), "vendor_id: 1.5"),
        ("PULocationID", pa.array([142, 99_999]), "pickup_location_id: 99999"),
        ("PULocationID", pa.array([142, 2**64 - 1], pa.uint64()), "pickup_location_id: 18446744073709551615"),
        ("fare_amount", pa.array(["8", "much"]), "fare_amount: much"),
        ("fare_amount", pa.array([8.0, float("-inf")]), "fare_amount: -inf"),
        ("fare_amount", pa.array([8.0, 1e17]), "fare_amount: 1e+17"),
        ("store_and_fwd_flag", pa.array([b"N", b"\xc9"], pa.binary()), "store_and_fwd_flag: \\xc9"),
    ],
)
def test_a_value_in_parquet_that_does_not_fit_is_kept_beside_its_row(
    tmp_path: Path, name: str, values: pa.Array, kept: str
) -> None:
    columns = {each: pa.concat_arrays([value] * 2) for each, value in _yellow().items()}
    rows = _rows(_parquet(tmp_path, **{**columns, name: values}))
    assert [row["published_text"] for row in rows] == [None, kept]


@pytest.mark.parametrize(
    "text", ["2021-01-01", "2021-01-01 07", "1/1/2021", "2021-02-30 00:00:00", "0000-01-01 00:00:00"]
)
def test_a_date_among_times_is_no_midnight(tmp_path: Path, text: str) -> None:
    rows = _rows(_csv(tmp_path, HEADER, ROW, ROW.replace("2021-01-01 00:36:12", text), ROW))
    assert [row["dropoff_datetime"] is None for row in rows] == [False, True, False]
    assert rows[1]["published_text"] == f"dropoff_datetime: {text}"


MILLISECONDS = pa.array([1_609_461_010_000])


@pytest.mark.parametrize("name", ["pickup", "dropoff"])
@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pa.array([0], pa.timestamp("us", "UTC")), "holds times of the time zone UTC"),
        (MILLISECONDS, "holds values of type int64 and no times, for example 1609461010000"),
        (pa.array([b"2021-01-01 00:30:10"], pa.binary()), "holds values of type binary and no times"),
        (pa.array([18_628], pa.date32()), r"holds values of type date32\[day\] and no times"),
        (pa.array(["2021-01-01T00:30:10Z"]), "holds times with a time zone, for example '2021-01-01T00:30:10Z'"),
        (pa.array(["2021-01-01 00:30:10+01:00"]), "holds times with a time zone"),
        (pa.array(["2021-01-01"]), "holds dates without a time, for example '2021-01-01'"),
        (pa.array(["1/1/2021"]), "holds dates without a time, for example '1/1/2021'"),
    ],
)
def test_what_is_no_local_time_refuses_the_month(tmp_path: Path, name: str, values: pa.Array, said: str) -> None:
    with pytest.raises(ContractError, match=f"{name}_datetime {said}"):
        _rows(_parquet(tmp_path, **_yellow(**{f"tpep_{name}_datetime": values})))


@pytest.mark.parametrize("values", [pa.array([[1]]), pa.array([b"8"], pa.binary()), pa.array([0], pa.timestamp("us"))])
def test_a_column_of_numbers_that_holds_something_else_refuses_the_month(tmp_path: Path, values: pa.Array) -> None:
    with pytest.raises(ContractError, match=r"fare_amount holds values of type .* and no numbers"):
        _rows(_parquet(tmp_path, **_yellow(fare_amount=values)))


def test_int96_times_reach_the_year_3019(tmp_path: Path) -> None:
    path = tmp_path / "month.parquet"
    far = pa.array([datetime(3019, 2, 3, 17, 24, 13)], pa.timestamp("us"))  # noqa: DTZ001
    pq.write_table(pa.table(_yellow(tpep_dropoff_datetime=far)), path, use_deprecated_int96_timestamps=True)
    assert _rows(path)[0]["dropoff_datetime"] == far[0].as_py()


@pytest.mark.parametrize("arrow_type", [pa.dictionary(pa.int8(), pa.string()), pa.large_string(), pa.string_view()])
def test_texts_in_any_encoding_are_texts(tmp_path: Path, arrow_type: pa.DataType) -> None:
    flags = pa.array(["Y"], arrow_type) if not pa.types.is_dictionary(arrow_type) else pa.array(["Y"]).cast(arrow_type)
    [row] = _rows(_parquet(tmp_path, **_yellow(store_and_fwd_flag=flags)))
    assert row["store_and_fwd_flag"] == "Y"


@pytest.mark.parametrize("flag", [pa.array([1.0]), pa.array([1]), pa.array([True]), pa.array(["1.0"])])
def test_a_flag_published_as_a_number_is_the_letter_that_it_stands_for(tmp_path: Path, flag: pa.Array) -> None:
    assert _rows(_parquet(tmp_path, **_yellow(store_and_fwd_flag=flag)))[0]["store_and_fwd_flag"] == "Y"


def test_columns_nobody_has_described_are_carried_along_as_text(tmp_path: Path) -> None:
    extras = {
        "meta": pa.array([{"a": 1, "b": "x"}]),
        "tags": pa.array([["a", "b"]]),
        "day": pa.array([18_628], pa.date32()),
        "isWeekend": pa.array([True]),
        "clock": pa.array([1], pa.time64("us")),
        "u64": pa.array([2**64 - 1], pa.uint64()),
        "speed": pa.array([float("inf")]),
        "share": pa.array([7.0]),
        "raw": pa.array([b"\xc9\x00"], pa.binary()),
        "at": pa.array([0], pa.timestamp("us", "UTC")),
        "pickup_borough": pa.array(["x"]),
        "a.b": pa.array([1]),
        "A-B": pa.array([2]),
        "l" * 70: pa.array([3]),
        "5th": pa.array([4]),
        "Größe": pa.array([5]),
    }
    [row] = _rows(_parquet(tmp_path, **_yellow(), **extras))
    assert {name: value for name, value in row.items() if name not in YELLOW_TAXI.schema.names} == {
        "meta": '{"a": 1, "b": "x"}',
        "tags": '["a", "b"]',
        "published_day": "2021-01-01",
        "is_weekend": "true",
        "clock": "00:00:00.000001",
        "u64": "18446744073709551615",
        "speed": "inf",
        "share": "7",
        "raw": "\\xc9\\x00",
        "at": "1970-01-01 00:00:00+00:00",
        "published_pickup_borough": "x",
        "a_b": "1",
        "a_b_2": "2",
        f"{'l' * 54}_c1d94830": "3",
        "published_5th": "4",
        "gr_e": "5",
        "published_text": None,
    }


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
    with pytest.raises(CorruptFileError, match="has no rows"):
        _rows(_csv(tmp_path, *lines))


@pytest.mark.fault(31)
def test_a_file_with_absurdly_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "ROWS", 3)
    with pytest.raises(CorruptFileError, match="more than 3 rows"):
        _rows(_csv(tmp_path, HEADER, *[ROW] * 4))


def test_a_file_that_unpacks_to_absurdly_many_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "UNPACKED_BYTES", 1_000)
    with pytest.raises(CorruptFileError, match="unpacks to more than 1,000 bytes"):
        _rows(_csv(tmp_path, HEADER, *[ROW] * 40))


def test_a_file_with_absurdly_many_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptFileError, match=r"has 418 columns; 400 is the most"):
        _rows(_csv(tmp_path, HEADER + "".join(f",c{number}" for number in range(400)), ROW + "," * 400))


def test_a_line_without_an_end_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "month.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(f"{HEADER}\r\n{ROW}\r\n".encode())
        for _ in range(200):
            packed.write(b"1" * (1 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(CorruptFileError, match="has a line of more than 262,144 bytes"):
            _rows(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 << 20


def test_long_lines_come_in_few_rows_at_a_time(tmp_path: Path) -> None:
    lines = [f"{ROW},{number:0200000}" for number in range(200)]
    for ragged in ([], ["cut"]):
        stream = read_month(_csv(tmp_path, f"{HEADER},notes", *lines, *ragged), "csv.gz", YELLOW_TAXI.published_columns)
        sizes = [(batch.num_rows, batch.nbytes) for batch in stream.batches]
        assert sum(rows for rows, _ in sizes) == 200 + len(ragged)
        assert max(size for _, size in sizes) < bounds.BATCH_BYTES


def test_another_datasets_file_is_refused(tmp_path: Path) -> None:
    for dataset in (GREEN_TAXI, HIGH_VOLUME):
        with pytest.raises(ContractError, match="Columns missing"):
            _rows(_csv(tmp_path, HEADER.replace("tpep_", "").replace("fare_amount", "f"), ROW), dataset)
        with pytest.raises(ContractError, match="tpep_pickup_datetime, which only files of yellow have"):
            _rows(_csv(tmp_path, HEADER, ROW), dataset)
    with pytest.raises(ContractError, match="lpep_pickup_datetime, which only files of green have"):
        _rows(_csv(tmp_path, HEADER.replace("tpep_", "lpep_"), ROW))


def test_a_column_of_words_without_any_is_read(tmp_path: Path) -> None:
    nothing = {"store_and_fwd_flag": pa.array([None], pa.string()), "passenger_count": pa.array(["nan"])}
    [row] = _rows(_parquet(tmp_path, **_yellow(**nothing)))
    assert (row["store_and_fwd_flag"], row["passenger_count"], row["published_text"]) == (None, None, None)
