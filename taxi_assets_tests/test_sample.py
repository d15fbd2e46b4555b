"""What a user can rely on in the sample publisher's files."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from taxi_assets.datasets import DATASETS, GREEN_TAXI, YELLOW_TAXI, Dataset
from taxi_assets.layouts import LAYOUTS, FileFormat, Layout
from taxi_assets.months import Month
from taxi_assets.sample import CHUNK_ROWS, EMPTY_WHEN_DISPATCHED, chunks, write_sample
from taxi_assets.sample.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMATS: tuple[FileFormat, ...] = ("csv.gz", "parquet")
NOVEMBER = Month(2021, 11)
Trips = pd.DataFrame


def _write(folder: Path, dataset: Dataset, month: Month, file_format: FileFormat, rows: int = 50_000) -> Path:
    path = folder / f"{dataset.month_name(month)}.{rows}.{file_format}"
    write_sample(dataset, month, path, rows=rows, file_format=file_format)
    return path


def _read(path: Path, dataset: Dataset) -> pa.Table:
    """A file under canonical names, with canonical types."""
    columns = {name.lower(): column for column in dataset.columns for name in column.published}
    empty_is_null = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
    is_csv = path.suffix == ".gz"
    table = pyarrow.csv.read_csv(path, convert_options=empty_is_null) if is_csv else pq.read_table(path)
    found = [columns[name.lower()] for name in table.column_names]
    schema = pa.schema([dataset.schema.field(column.name) for column in found])
    return table.rename_columns(schema.names).cast(schema)


@pytest.fixture(scope="module", params=list(DATASETS.values()), ids=list(DATASETS))
def dataset(request: pytest.FixtureRequest) -> Dataset:
    found: Dataset = request.param
    return found


@pytest.fixture(scope="module")
def trips(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trips:
    """A November of the default size."""
    path = _write(tmp_path_factory.mktemp("sample"), dataset, NOVEMBER, "parquet")
    november: Trips = _read(path, dataset).to_pandas()
    return november


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_sample_is_the_same_bytes_every_time(tmp_path: Path, dataset: Dataset, file_format: FileFormat) -> None:
    hashes = set()
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        path = _write(tmp_path / name, dataset, NOVEMBER, file_format, rows=2_000)
        hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_another_month_or_dataset_or_number_of_rows_has_other_trips(tmp_path: Path) -> None:
    january = _read(_write(tmp_path, YELLOW_TAXI, Month(2021, 1), "parquet", rows=100), YELLOW_TAXI)
    february = _read(_write(tmp_path, YELLOW_TAXI, Month(2021, 2), "parquet", rows=100), YELLOW_TAXI)
    more = _read(_write(tmp_path, YELLOW_TAXI, Month(2021, 1), "parquet", rows=101), YELLOW_TAXI)
    green = _read(_write(tmp_path, GREEN_TAXI, Month(2021, 1), "parquet", rows=100), GREEN_TAXI)
    distances = [table["trip_distance"].to_pylist() for table in (january, february, more, green)]
    assert len({tuple(each[:50]) for each in distances}) == 4


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("rows", [1, 2, 100, CHUNK_ROWS + 1])
def test_a_sample_has_exactly_the_rows_asked_for(
    tmp_path: Path, dataset: Dataset, file_format: FileFormat, rows: int
) -> None:
    path = _write(tmp_path, dataset, Month(2021, 1), file_format, rows=rows)
    assert _read(path, dataset).num_rows == rows


@pytest.mark.parametrize("rows", [0, -1])
def test_a_sample_without_rows_is_refused(tmp_path: Path, rows: int) -> None:
    with pytest.raises(ValueError, match="at least 1 row"):
        _write(tmp_path, YELLOW_TAXI, Month(2021, 1), "parquet", rows=rows)
    assert not list(tmp_path.iterdir())


def test_a_month_before_the_first_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="2008-12"):
        _write(tmp_path, YELLOW_TAXI, Month(2008, 12), "parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("month", [Month(2020, 3), Month(2023, 2), Month(2025, 1)], ids=str)
def test_csv_and_parquet_hold_the_same_trips(tmp_path: Path, dataset: Dataset, month: Month) -> None:
    tables = [_read(_write(tmp_path, dataset, month, each, rows=5_000), dataset) for each in FORMATS]
    shared = [name for name in tables[0].column_names if name in tables[1].column_names]
    assert len(shared) >= 18
    partly = {name for each in FORMATS for name in EMPTY_WHEN_DISPATCHED[dataset.name, each]}
    metered = tables[0]["passenger_count"].is_valid()
    for name in shared:
        csv, parquet = (table[name].filter(metered) if name in partly else table[name] for table in tables)
        assert csv.equals(parquet), name


@pytest.mark.parametrize("era", LAYOUTS, ids=lambda era: f"{era.dataset} {era.first} {era.format}")
def test_a_file_has_the_columns_of_its_layout(tmp_path: Path, era: Layout) -> None:
    path = _write(tmp_path, DATASETS[era.dataset], era.first, era.format, rows=1_000)
    if era.format == "csv.gz":
        header = gzip.decompress(path.read_bytes()).split(b"\r\n")[0].decode()
        assert header.split(",") == [name for name, _ in era.columns]
    else:
        schema = [(field.name, field.type) for field in pq.read_schema(path)]
        assert schema == [(name, pa.type_for_alias(kind)) for name, kind in era.columns]


def test_csv_is_written_as_the_mirror_writes_it(tmp_path: Path) -> None:
    path = _write(tmp_path, YELLOW_TAXI, Month(2021, 1), "csv.gz", rows=5_000)
    lines = gzip.decompress(path.read_bytes()).split(b"\r\n")
    assert lines[-1] == b""
    assert not any(mark in line for line in lines for mark in (b"\n", b"\r", b'"', b" ,", b"\0"))
    fields = [line.decode().split(",") for line in lines[1:-1]]
    assert {len(each) for each in fields} == {18}
    assert all(len(each[1]) == 19 and datetime.fromisoformat(each[1]) for each in fields)
    distances = {each[4] for each in fields}
    assert {".00", ".50", "1.50"} <= distances
    amounts = {each[place] for each in fields for place in range(10, 18)}
    assert {"0", "0.5", "2.5", "52", "-2.5", "-0.3"} <= amounts


def test_a_gzip_header_has_neither_name_nor_time(tmp_path: Path) -> None:
    path = _write(tmp_path, YELLOW_TAXI, Month(2021, 1), "csv.gz", rows=1)
    assert path.read_bytes()[3:8] == bytes(5)


def test_no_row_is_there_twice(trips: Trips) -> None:
    assert not trips.duplicated().any()


def test_trips_come_roughly_in_the_order_of_their_pickups(trips: Trips) -> None:
    dispatched = trips["passenger_count"].isna()
    assert dispatched.is_monotonic_increasing
    for part in (trips[~dispatched], trips[dispatched]):
        hours = part["pickup_datetime"].dt.floor("h")
        assert (hours.diff().dropna() >= timedelta()).mean() > 0.99


def _outside(trips: Trips) -> pd.Series[bool]:
    return (trips["pickup_datetime"] < NOVEMBER.start) | (trips["pickup_datetime"] >= NOVEMBER.end)


def _duration(trips: Trips) -> pd.Series[timedelta]:
    return trips["dropoff_datetime"] - trips["pickup_datetime"]


def _parts(trips: Trips) -> pd.Series[float]:
    names = ["fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount", "improvement_surcharge"]
    return trips[[*names, "congestion_surcharge"]].sum(axis="columns")


def _in_repeated_hour(trips: Trips) -> pd.Series[bool]:
    return trips["pickup_datetime"].between(datetime(2021, 11, 7, 1), datetime(2021, 11, 7, 2))  # noqa: DTZ001


# At least so many of 50,000 rows.
FAULTS: dict[str, tuple[int, Callable[[Trips], pd.Series[bool]]]] = {
    "pickup outside the month": (3, _outside),
    "pickup in 2008 or 2009": (1, lambda t: t["pickup_datetime"].dt.year < 2010),
    "drop-off before pickup": (10, lambda t: _duration(t) < timedelta()),
    "drop-off before pickup in the repeated hour": (
        5,
        lambda t: _in_repeated_hour(t) & _duration(t).between(timedelta(hours=-1), timedelta(seconds=-1)),
    ),
    "drop-off at pickup": (20, lambda t: _duration(t) == timedelta()),
    "most of a day": (80, lambda t: _duration(t).between(timedelta(hours=20), timedelta(hours=24))),
    "longer than a day": (1, lambda t: _duration(t) > timedelta(days=1)),
    "drop-off in a far year": (1, lambda t: t["dropoff_datetime"].dt.year > 3000),
    "no distance": (500, lambda t: t["trip_distance"] == 0),
    "absurd distance": (2, lambda t: t["trip_distance"] > 1000),
    "no passengers": (100, lambda t: t["passenger_count"] == 0),
    "passengers missing": (1_000, lambda t: t["passenger_count"].isna()),
    "zone unknown": (30, lambda t: t["pickup_location_id"] == 264),
    "zone outside the city": (100, lambda t: t["dropoff_location_id"] == 265),
    "rate code unknown": (1, lambda t: t["rate_code_id"] == 99),
    "vendor unknown": (1, lambda t: ~t["vendor_id"].isin([1, 2, 4, 6, 7])),
    "negative amounts": (80, lambda t: t["total_amount"] < 0),
    "no fare": (20, lambda t: t["fare_amount"] == 0),
    "total differs from its parts": (500, lambda t: (t["total_amount"] - _parts(t)).abs() > 0.01),
    "held before it was sent": (100, lambda t: t["store_and_fwd_flag"] == "Y"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_sample_of_the_default_size_has_every_fault(trips: Trips, fault: str) -> None:
    least, has_fault = FAULTS[fault]
    assert least <= has_fault(trips).sum() < len(trips) // 2


def test_most_trips_are_ordinary(trips: Trips) -> None:
    ordinary = ~_outside(trips) & (_duration(trips) > timedelta()) & (_duration(trips) < timedelta(hours=5))
    ordinary &= trips["trip_distance"].between(0.01, 100) & trips["total_amount"].between(2, 300)
    ordinary &= trips["pickup_location_id"].between(1, 263) & trips["dropoff_location_id"].between(1, 263)
    assert ordinary.mean() > 0.9


IMPORTANT_FAULTS = (
    "pickup outside the month",
    "drop-off before pickup",
    "drop-off at pickup",
    "longer than a day",
    "no distance",
    "absurd distance",
    "no passengers",
    "passengers missing",
    "zone unknown",
    "negative amounts",
    "total differs from its parts",
)


@pytest.mark.parametrize("fault", IMPORTANT_FAULTS)
def test_a_hundred_rows_have_the_important_faults(tmp_path: Path, dataset: Dataset, fault: str) -> None:
    few = _read(_write(tmp_path, dataset, NOVEMBER, "parquet", rows=100), dataset).to_pandas()
    assert FAULTS[fault][1](few).any()


def test_a_negative_amount_reverses_another_row(trips: Trips) -> None:
    same = ["vendor_id", "pickup_datetime", "dropoff_datetime", "pickup_location_id", "dropoff_location_id"]
    reversals = trips[trips["total_amount"] < 0]
    originals = trips[trips["total_amount"] > 0]
    pairs = reversals.merge(originals, on=same, suffixes=("", "_original"))
    assert len(pairs) == len(reversals)
    for name in ("fare_amount", "total_amount", "mta_tax", "congestion_surcharge"):
        assert (pairs[name] == -pairs[f"{name}_original"]).all(), name


@pytest.mark.parametrize(
    ("name", "month", "share"),
    [
        ("yellow", Month(2021, 1), 0.072),
        ("yellow", Month(2026, 1), 0.26),
        ("green", Month(2020, 3), 0.211),
        ("green", Month(2021, 1), 0.46),
        ("green", Month(2024, 1), 0.06),
    ],
)
def test_the_block_of_missing_fields_is_as_large_as_in_the_published_month(
    tmp_path: Path, name: str, month: Month, share: float
) -> None:
    dataset = DATASETS[name]
    table = _read(_write(tmp_path, dataset, month, "csv.gz", rows=5_000), dataset)
    missing = ("vendor_id", "passenger_count", "rate_code_id", "payment_type")
    assert {table[column].null_count for column in missing} == {round(5_000 * share)}
    assert table["passenger_count"].slice(5_000 - round(5_000 * share)).null_count == round(5_000 * share)


def _amounts(tmp_path: Path, dataset: Dataset, month: Month, column: str) -> set[float | None]:
    path = _write(tmp_path, dataset, month, "parquet", rows=5_000)
    return {None if value is None else abs(value) for value in _read(path, dataset)[column].to_pylist()}


def test_surcharges_follow_the_years(tmp_path: Path, dataset: Dataset) -> None:
    congestion = 2.5 if dataset is YELLOW_TAXI else 2.75
    assert _amounts(tmp_path, dataset, Month(2022, 11), "improvement_surcharge") == {0.3}
    assert _amounts(tmp_path, dataset, Month(2022, 12), "improvement_surcharge") == {1.0}
    assert _amounts(tmp_path, dataset, Month(2021, 1), "congestion_surcharge") == {0, congestion, None}
    assert _amounts(tmp_path, dataset, Month(2025, 1), "cbd_congestion_fee") == {0, 0.75}


def test_the_airport_fee_rises(tmp_path: Path) -> None:
    assert _amounts(tmp_path, YELLOW_TAXI, Month(2022, 1), "airport_fee") == {0, 1.25, None}
    assert _amounts(tmp_path, YELLOW_TAXI, Month(2024, 1), "airport_fee") == {0, 1.75, None}


def test_the_congestion_surcharge_is_empty_in_most_rows_of_2019_01(tmp_path: Path, dataset: Dataset) -> None:
    table = _read(_write(tmp_path, dataset, Month(2019, 1), "csv.gz", rows=5_000), dataset)
    assert 2_500 < table["congestion_surcharge"].null_count < 4_000
    assert set(table["congestion_surcharge"].to_pylist()) == {0.0, None}


@pytest.mark.parametrize("rows", [1, CHUNK_ROWS, CHUNK_ROWS + 1, 20_000_000])
def test_a_file_is_made_in_chunks_of_bounded_size(dataset: Dataset, rows: int) -> None:
    planned = list(chunks(dataset, Month(2021, 1), rows))
    assert sum(chunk.rows for chunk in planned) == rows
    assert 1 <= min(chunk.rows for chunk in planned) <= max(chunk.rows for chunk in planned) <= CHUNK_ROWS


def test_a_chunk_is_a_row_group(tmp_path: Path) -> None:
    path = _write(tmp_path, YELLOW_TAXI, Month(2021, 1), "parquet", rows=2 * CHUNK_ROWS + 1)
    footer = pq.read_metadata(path)
    groups = [footer.row_group(place).num_rows for place in range(footer.num_row_groups)]
    assert groups == [chunk.rows for chunk in chunks(YELLOW_TAXI, Month(2021, 1), 2 * CHUNK_ROWS + 1)]


def test_the_command_line_names_a_file_in_a_folder_as_its_publisher_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["green", "2021-01", "--rows", "10", "--format", "csv.gz", "--to", str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["green_tripdata_2021-01.csv.gz"]
    assert capsys.readouterr().out == f"{tmp_path / 'green_tripdata_2021-01.csv.gz'}\n"


def test_making_a_sample_imports_neither_pandas_nor_dagster(tmp_path: Path) -> None:
    script = """
import sys
from taxi_assets.sample import main
for file_format in ("csv.gz", "parquet"):
    main(["yellow", "2021-01", "--rows", "1000", "--format", file_format, "--to", sys.argv[1]])
assert not {"pandas", "dagster"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
