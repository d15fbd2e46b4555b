"""What a user can rely on in the sample publisher's files."""

from __future__ import annotations

import gzip
import hashlib
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from taxi_assets.model.datasets import DATASETS, FOR_HIRE, GREEN_TAXI, HIGH_VOLUME, YELLOW_TAXI, Dataset, FileFormat
from taxi_assets.model.eras import Layout
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.generator import CHUNK_ROWS, chunks, file_columns, write_sample
from taxi_assets.publishers.sample.taxis import EMPTY_WHEN_DISPATCHED
from taxi_assets_tests.sample_faults import EACH, GROSS_FAULTS, LEAST_ROWS, gross_faults, write_faulty_sample

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

FORMATS: tuple[FileFormat, ...] = ("csv.gz", "parquet")
NOVEMBER = Month(2021, 11)
Trips = pd.DataFrame


def _write(
    folder: Path,
    dataset: Dataset,
    month: Month,
    file_format: FileFormat,
    rows: int = 50_000,
    faults: Sequence[str] = (),
) -> Path:
    path = folder / ".".join([dataset.month_name(month), str(rows), *faults, file_format])
    if faults:
        write_faulty_sample(dataset, month, path, rows=rows, file_format=file_format, faults=faults)
    else:
        write_sample(dataset, month, path, rows=rows, file_format=file_format)
    return path


def _lines(path: Path) -> list[str]:
    """The data of a CSV file; after the last line end stands the empty text."""
    text = gzip.decompress(path.read_bytes()).decode()
    return re.split("^[^\r\n]*(?:\r\n|\n\r\n)", text, maxsplit=1)[1].split("\r\n")


def _fields(path: Path, dataset: Dataset, month: Month) -> list[dict[str, str]]:
    """The data of a CSV file, each field by its canonical name."""
    keys = [column.key for column in file_columns(dataset, month, "csv.gz")]
    return [dict(zip(keys, line.replace('"', "").split(","), strict=False)) for line in _lines(path)[:-1]]


def _rows(path: Path) -> int:
    return len(_lines(path)) - 1 if path.suffix == ".gz" else int(pq.read_metadata(path).num_rows)


def _read(path: Path, dataset: Dataset) -> pa.Table:
    """A taxi file of 2019 or later under canonical names, with canonical types."""
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


@pytest.fixture(scope="module", params=[YELLOW_TAXI, GREEN_TAXI], ids=lambda taxi: taxi.name)
def taxi(request: pytest.FixtureRequest) -> Dataset:
    found: Dataset = request.param
    return found


@pytest.fixture(scope="module")
def trips(taxi: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trips:
    """A November of the default size."""
    path = _write(tmp_path_factory.mktemp("sample"), taxi, NOVEMBER, "parquet")
    november: Trips = _read(path, taxi).to_pandas()
    return november


def _hired(folder: Path, dataset: Dataset, month: Month, rows: int = 50_000) -> Trips:
    """Trips of fhv or fhvhv under canonical names."""
    table = pq.read_table(_write(folder, dataset, month, "parquet", rows))
    trips: Trips = table.rename_columns([column.key for column in file_columns(dataset, month, "parquet")]).to_pandas()
    return trips


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
    assert _rows(_write(tmp_path, dataset, Month(2021, 1), file_format, rows=rows)) == rows


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
def test_csv_and_parquet_hold_the_same_trips(tmp_path: Path, taxi: Dataset, month: Month) -> None:
    tables = [_read(_write(tmp_path, taxi, month, each, rows=5_000), taxi) for each in FORMATS]
    shared = [name for name in tables[0].column_names if name in tables[1].column_names]
    assert len(shared) >= 18
    partly = {name for each in FORMATS for name in EMPTY_WHEN_DISPATCHED[taxi.name, each]}
    metered = tables[0]["passenger_count"].is_valid()
    for name in shared:
        csv, parquet = (table[name].filter(metered) if name in partly else table[name] for table in tables)
        assert csv.equals(parquet), name


@pytest.mark.parametrize(
    ("dataset", "era"),
    [
        pytest.param(dataset, era, id=f"{dataset.name} {era.first} {era.format}")
        for dataset in DATASETS.values()
        for era in dataset.layouts
    ],
)
def test_a_file_is_as_its_layout_says(tmp_path: Path, dataset: Dataset, era: Layout) -> None:
    path = _write(tmp_path, dataset, era.first, era.format, rows=300)
    once = path.read_bytes()
    assert _write(tmp_path, dataset, era.first, era.format, rows=300).read_bytes() == once
    if era.format == "csv.gz":
        _check_csv(gzip.decompress(once).decode(), era, rows=300)
        return
    schema = [(field.name, field.type) for field in pq.read_schema(path)]
    assert schema == [(name, pa.type_for_alias(kind)) for name, kind in era.columns]
    table = pq.read_table(path)
    table.validate(full=True)
    assert table.num_rows == 300
    assert {name for name, kind in era.columns if kind == "null"} <= {
        name for name in table.column_names if table[name].null_count == 300
    }


def _check_csv(text: str, era: Layout, rows: int) -> None:
    quote = '"' if era.quoted else ""
    header = ",".join(f"{quote}{name}{quote}" for name, _ in era.columns)
    head = header + ("\n\r\n" if era.blank_line else "\r\n")
    assert text.startswith(head)
    lines = text.removeprefix(head).split("\r\n")
    assert (len(lines), lines[-1]) == (rows + 1, "")
    field = '"[^",\r\n]*"' if era.quoted else '[^",\r\n]*'
    line = re.compile(f"{field}(,{field}){{{len(era.columns) - 1}}}" + "," * era.stray_fields)
    assert all(line.fullmatch(each) for each in lines[:-1])


def test_every_month_has_a_sample(tmp_path: Path, dataset: Dataset) -> None:
    for file_format in FORMATS:
        first = dataset.eras(file_format)[0].first
        for months in range(Month(2026, 9) - first + 1):
            path = tmp_path / "month"
            write_sample(dataset, first + months, path, rows=10, file_format=file_format)
            assert path.stat().st_size


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
def test_a_hundred_rows_have_the_important_faults(tmp_path: Path, taxi: Dataset, fault: str) -> None:
    few = _read(_write(tmp_path, taxi, NOVEMBER, "parquet", rows=100), taxi).to_pandas()
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


def test_surcharges_follow_the_years(tmp_path: Path, taxi: Dataset) -> None:
    congestion = 2.5 if taxi is YELLOW_TAXI else 2.75
    assert _amounts(tmp_path, taxi, Month(2022, 11), "improvement_surcharge") == {0.3}
    assert _amounts(tmp_path, taxi, Month(2022, 12), "improvement_surcharge") == {1.0}
    assert _amounts(tmp_path, taxi, Month(2021, 1), "congestion_surcharge") == {0, congestion, None}
    assert _amounts(tmp_path, taxi, Month(2025, 1), "cbd_congestion_fee") == {0, 0.75}


def test_the_airport_fee_rises(tmp_path: Path) -> None:
    assert _amounts(tmp_path, YELLOW_TAXI, Month(2022, 1), "airport_fee") == {0, 1.25, None}
    assert _amounts(tmp_path, YELLOW_TAXI, Month(2024, 1), "airport_fee") == {0, 1.75, None}


def test_the_congestion_surcharge_is_empty_in_most_rows_of_2019_01(tmp_path: Path, taxi: Dataset) -> None:
    table = _read(_write(tmp_path, taxi, Month(2019, 1), "csv.gz", rows=5_000), taxi)
    assert 2_500 < table["congestion_surcharge"].null_count < 4_000
    assert set(table["congestion_surcharge"].to_pylist()) == {0.0, None}


# Every field of these columns looks like this, or is empty.
LOOKS: dict[tuple[str, Month], dict[str, str]] = {
    ("yellow", Month(2009, 3)): {
        "vendor_text": "VTS|CMT|DDS",
        "payment_text": "CASH|Credit|Cash|CREDIT|No Charge|Dispute",
        "store_and_fwd_flag": "0|1|",
        "rate_code_id": "",
        "mta_tax": "",
        "pickup_datetime": r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d",
    },
    ("yellow", Month(2009, 12)): {"mta_tax": "-?0.5|0", "rate_code_id": ""},
    ("yellow", Month(2010, 2)): {
        "store_and_fwd_flag": "0|1|",
        "rate_code_id": r"\d+",
        "payment_text": "[A-Z][A-Za-z ]*",
    },
    ("yellow", Month(2010, 5)): {"payment_text": "Cas|CAS|Cre|CRE|No|NOC|Dis|DIS|NA "},
    ("yellow", Month(2013, 8)): {
        "vendor_text": "VTS|CMT",
        "payment_text": "CSH|CRD|NOC|DIS|UNK",
        "store_and_fwd_flag": "N|Y|",
    },
    ("yellow", Month(2015, 3)): {
        "vendor_id": r"\d",
        "trip_distance": r"([1-9]\d*)?\.\d\d",
        "improvement_surcharge": "-?0.3",
        "total_amount": r"-?\d+(\.\d|\.\d[1-9])?",
    },
    ("green", Month(2013, 8)): {"trip_type": "", "ehail_fee": "", "trip_distance": r"([1-9]\d*)?\.\d\d"},
    ("green", Month(2014, 3)): {"trip_type": "1|2"},
    ("fhv", Month(2015, 6)): {"dispatching_base_num": r"B\d{5}", "pickup_location_id": r"|\d+"},
    ("fhv", Month(2017, 9)): {"sr_flag": "1|", "dropoff_datetime": r"\d{4}-.*"},
    ("fhv", Month(2018, 5)): {"dispatching_base_num": r"B\d{5}", "other_base_num": "", "sr_flag": "1|"},
    ("fhvhv", Month(2020, 1)): {"hvfhs_license_num": "HV000[345]", "sr_flag": "1|"},
    ("fhvhv", Month(2021, 7)): {"dispatching_base_num": r"B\d{5}", "sr_text": "N|Y"},
}


@pytest.mark.parametrize(("name", "month"), LOOKS, ids=str)
def test_fields_look_as_in_their_era(tmp_path: Path, name: str, month: Month) -> None:
    fields = _fields(_write(tmp_path, DATASETS[name], month, "csv.gz", rows=5_000), DATASETS[name], month)
    for column, look in LOOKS[name, month].items():
        found = {row[column] for row in fields}
        assert all(re.fullmatch(look, text) for text in found), (column, found)
        if re.fullmatch(r"[\w| ]+", look):
            assert found == set(look.split("|")), column


FLOATS = ("trip_distance", "fare_amount", "total_amount", "tip_amount")
DEGREES = ("pickup_longitude", "pickup_latitude", "dropoff_longitude", "dropoff_latitude")


def test_floats_of_2009_to_2014_have_17_digits(tmp_path: Path) -> None:
    fields = _fields(_write(tmp_path, YELLOW_TAXI, Month(2011, 4), "csv.gz", rows=2_000), YELLOW_TAXI, Month(2011, 4))
    for name in FLOATS + DEGREES:
        texts = {row[name] for row in fields}
        assert all(text == f"{float(text):.17g}" for text in texts), name
        assert max(len(text) for text in texts) > 16


def test_degrees_of_2015_are_4_byte_floats(tmp_path: Path) -> None:
    fields = _fields(_write(tmp_path, GREEN_TAXI, Month(2015, 3), "csv.gz", rows=2_000), GREEN_TAXI, Month(2015, 3))
    for text in {row[name] for row in fields for name in DEGREES}:
        # 15 decimals of it.
        assert abs(Decimal(text) - Decimal(float(np.float32(text)))) <= Decimal("5e-16"), text
        assert "." in text.rstrip("0") or text == "0"


@pytest.mark.parametrize(("taxi", "month"), [(YELLOW_TAXI, Month(2009, 5)), (GREEN_TAXI, Month(2016, 6))])
def test_most_trips_of_the_time_before_zones_have_places_in_new_york(
    tmp_path: Path, taxi: Dataset, month: Month
) -> None:
    fields = _fields(_write(tmp_path, taxi, month, "csv.gz", rows=5_000), taxi, month)
    places = [(float(row[f"{end}_longitude"]), float(row[f"{end}_latitude"])) for row in fields for end in ENDS]
    nowhere = [place for place in places if place == (0, 0)]
    assert 0.015 < len(nowhere) / len(places) < 0.02
    assert all(-74.1 < longitude < -73.7 and 40.5 < latitude < 41 for longitude, latitude in places if latitude)


ENDS = ("pickup", "dropoff")


@pytest.mark.parametrize("month", [Month(2010, 2), Month(2012, 11)], ids=str)
def test_csv_and_parquet_of_old_months_hold_the_same_trips(tmp_path: Path, month: Month) -> None:
    csv = _fields(_write(tmp_path, YELLOW_TAXI, month, "csv.gz", rows=3_000), YELLOW_TAXI, month)
    table = pq.read_table(_write(tmp_path, YELLOW_TAXI, month, "parquet", rows=3_000))
    parquet = table.rename_columns([column.key for column in file_columns(YELLOW_TAXI, month, "parquet")])
    for name in ("pickup_datetime", "dropoff_datetime"):
        assert [row[name] for row in csv] == [str(time) for time in parquet[name].to_pylist()]
    for name in FLOATS:
        assert [float(row[name]) for row in csv] == parquet[name].to_pylist()


def test_rows_are_repeated_only_in_fhv_of_2015_and_2016(tmp_path: Path) -> None:
    for dataset, month in (
        *((YELLOW_TAXI, month) for month in (Month(2009, 11), Month(2014, 1), Month(2016, 3))),
        (GREEN_TAXI, Month(2013, 8)),
        *((FOR_HIRE, month) for month in (Month(2017, 1), Month(2018, 5), Month(2022, 3))),
        *((HIGH_VOLUME, month) for month in (Month(2019, 11), Month(2021, 6))),
    ):
        lines = _lines(_write(tmp_path, dataset, month, "csv.gz", rows=20_000))
        assert len(set(lines)) == len(lines), (dataset.name, month)
    # Half of the drop-offs and zones are missing there.
    lines = _lines(_write(tmp_path, FOR_HIRE, Month(2017, 3), "csv.gz", rows=400_000))
    assert len(set(lines)) == len(lines)
    lines = _lines(_write(tmp_path, FOR_HIRE, Month(2015, 6), "csv.gz", rows=20_000))
    assert 0.001 < 1 - len(set(lines)) / len(lines) < 0.02


@pytest.mark.parametrize(
    ("month", "no_pickup_zone", "no_dropoff_time"),
    [(Month(2016, 2), 0.95, 1), (Month(2017, 3), 0.55, 0.6), (Month(2018, 1), 0.1, 0), (Month(2020, 4), 0.32, 0)],
    ids=str,
)
def test_bases_do_not_report_everything(
    tmp_path: Path, month: Month, no_pickup_zone: float, no_dropoff_time: float
) -> None:
    trips = _hired(tmp_path, FOR_HIRE, month, rows=5_000)
    assert trips["pickup_location_id"].isna().mean() == pytest.approx(no_pickup_zone, abs=0.03)
    assert trips["dropoff_datetime"].isna().mean() == pytest.approx(no_dropoff_time, abs=0.03)
    whole_minutes = (trips["pickup_datetime"].dt.second == 0).mean()
    assert 0.1 < whole_minutes < 0.7


def test_high_volume_trips_are_plausible(tmp_path: Path) -> None:
    trips = _hired(tmp_path, HIGH_VOLUME, Month(2024, 3), rows=5_000)
    ubers = trips["hvfhs_license_num"] == "HV0003"
    assert (trips["request_datetime"] < trips["pickup_datetime"]).all()
    assert (trips["on_scene_datetime"].notna() == ubers).all()
    assert (trips["request_datetime"] < trips["on_scene_datetime"])[ubers].all()
    assert (trips["on_scene_datetime"] < trips["pickup_datetime"])[ubers].all()
    assert set(trips["access_a_ride_flag"][ubers]) == {" "}
    assert set(trips["access_a_ride_flag"][~ubers]) <= {"Y", "N"}
    ordinary = trips[trips["base_passenger_fare"] > 0]
    taxed = ordinary["base_passenger_fare"] + ordinary["tolls"]
    assert ((ordinary["bcf"] - 0.03 * taxed).abs() < 0.006).all()
    assert ((ordinary["sales_tax"] - 0.08875 * taxed).abs() < 0.006).all()
    assert (ordinary["driver_pay"] < ordinary["base_passenger_fare"]).all()
    seconds = (trips["dropoff_datetime"] - trips["pickup_datetime"]).dt.total_seconds()
    assert (seconds == trips["trip_time"]).mean() > 0.99


def test_juno_and_via_disappear(tmp_path: Path) -> None:
    for month, licenses in (
        (Month(2019, 3), {"HV0002", "HV0003", "HV0004", "HV0005"}),
        (Month(2020, 6), {"HV0003", "HV0004", "HV0005"}),
        (Month(2022, 1), {"HV0003", "HV0005"}),
    ):
        assert set(_hired(tmp_path, HIGH_VOLUME, month, rows=2_000)["hvfhs_license_num"]) == licenses


HIRED_FAULTS = (
    "pickup outside the month",
    "drop-off before pickup",
    "drop-off before pickup in the repeated hour",
    "drop-off at pickup",
    "longer than a day",
    "zone outside the city",
)


@pytest.mark.parametrize("hired", [FOR_HIRE, HIGH_VOLUME], ids=lambda hired: hired.name)
def test_for_hire_trips_have_faults_too(tmp_path: Path, hired: Dataset) -> None:
    trips = _hired(tmp_path, hired, NOVEMBER)
    for fault in HIRED_FAULTS:
        assert 1 <= FAULTS[fault][1](trips).sum() < len(trips) // 10, fault
    if hired is HIGH_VOLUME:
        assert (trips["base_passenger_fare"] < 0).sum() >= 10
        assert (trips["base_passenger_fare"] == 0).sum() >= 10
        assert (trips["trip_miles"] == 0).sum() >= 5
    assert len(_hired(tmp_path, hired, NOVEMBER, rows=100)) == 100


def test_fhv_of_2017_has_zone_0(tmp_path: Path) -> None:
    assert (_hired(tmp_path, FOR_HIRE, Month(2017, 8))["dropoff_location_id"] == 0).sum() > 50


def test_a_column_that_nobody_described_has_texts(tmp_path: Path, taxi: Dataset) -> None:
    path = _write(tmp_path, taxi, Month(2026, 7), "parquet", rows=2_000)
    assert set(pq.read_table(path)["request_source"].to_pylist()) == {"street", "app"}


# Rows with and without a blank line, stray fields, quotes; the fewest fields; a block of dispatched trips.
SPOILED = [
    (YELLOW_TAXI, Month(2009, 3)),
    (YELLOW_TAXI, Month(2021, 1)),
    (GREEN_TAXI, Month(2014, 2)),
    (FOR_HIRE, Month(2016, 2)),
    (FOR_HIRE, Month(2018, 5)),
    (HIGH_VOLUME, Month(2021, 6)),
]


@pytest.fixture(params=SPOILED, ids=lambda each: f"{each[0].name} {each[1]}")
def spoiled(request: pytest.FixtureRequest) -> tuple[Dataset, Month]:
    found: tuple[Dataset, Month] = request.param
    return found


def _changed(folder: Path, dataset: Dataset, month: Month, fault: str, rows: int) -> tuple[list[str], dict[int, str]]:
    """The lines of a sample, and those that are others with a gross fault."""
    clean = _lines(_write(folder, dataset, month, "csv.gz", rows))
    faulty = _lines(_write(folder, dataset, month, "csv.gz", rows, [fault]))
    faulty += [""] * (fault == "cut")
    assert len(clean) == len(faulty) == rows + 1
    return clean, {row: line for row, line in enumerate(faulty) if line != clean[row]}


def _filled(line: str) -> int:
    """How many fields a line has, without those at its end that are empty."""
    return len(line.rstrip(",").split(","))


@pytest.mark.parametrize("rows", [LEAST_ROWS, 300, CHUNK_ROWS + 999])
def test_ragged_rows_have_too_few_fields_and_the_last_too_many(
    tmp_path: Path, spoiled: tuple[Dataset, Month], rows: int
) -> None:
    _, changed = _changed(tmp_path, *spoiled, "ragged", rows)
    assert list(changed) == gross_faults(*spoiled, rows, "ragged")
    columns = len(file_columns(*spoiled, "csv.gz"))
    *few, many = (len(line.split(",")) for line in changed.values())
    assert len(few) == EACH - 1
    assert max(few) < columns < _filled(list(changed.values())[-1]) <= many


def test_a_cut_file_ends_in_the_middle_of_its_last_line(tmp_path: Path, spoiled: tuple[Dataset, Month]) -> None:
    clean, changed = _changed(tmp_path, *spoiled, "cut", 300)
    assert list(changed) == gross_faults(*spoiled, 300, "cut") == [299]
    assert clean[299].startswith(changed[299])
    assert len(changed[299].split(",")) < len(file_columns(*spoiled, "csv.gz"))
    text = gzip.decompress((_write(tmp_path, *spoiled, "csv.gz", 300, ["cut"])).read_bytes())
    assert not text.endswith(b"\n")


def test_unparseable_pickups_are_no_times(tmp_path: Path, spoiled: tuple[Dataset, Month]) -> None:
    _, changed = _changed(tmp_path, *spoiled, "unparseable_pickup", 300)
    assert list(changed) == gross_faults(*spoiled, 300, "unparseable_pickup")
    fields = _fields(_write(tmp_path, *spoiled, "csv.gz", 300, ["unparseable_pickup"]), *spoiled)
    assert [fields[row]["pickup_datetime"] for row in changed] == ["not a time", "", "2021-13-45 25:61:61"]


def test_float_codes_are_whole_numbers_with_a_point(tmp_path: Path, spoiled: tuple[Dataset, Month]) -> None:
    clean, faulty = (
        _fields(_write(tmp_path, *spoiled, "csv.gz", 300, faults), *spoiled) for faults in ([], ["float_codes"])
    )
    assert gross_faults(*spoiled, 300, "float_codes") == list(range(300))
    codes = {"pickup_location_id", "rate_code_id", "passenger_count", "payment_type", "trip_type", "vendor_id"}
    codes |= {"dropoff_location_id", "sr_flag"}
    for before, after in zip(clean, faulty, strict=True):
        for name, text in before.items():
            assert after[name] == (f"{text}.0" if name in codes and text else text)


@pytest.mark.parametrize("rows", [LEAST_ROWS, 300, CHUNK_ROWS + 999])
def test_duplicates_repeat_the_first_rows(tmp_path: Path, spoiled: tuple[Dataset, Month], rows: int) -> None:
    clean, changed = _changed(tmp_path, *spoiled, "duplicates", rows)
    assert list(changed) == gross_faults(*spoiled, rows, "duplicates")
    assert list(changed.values()) == clean[:EACH]


def test_parquet_has_the_same_duplicates(tmp_path: Path, dataset: Dataset) -> None:
    month = Month(2021, 1)
    rows = gross_faults(dataset, month, 2_000, "duplicates")
    clean, faulty = (
        pq.read_table(_write(tmp_path, dataset, month, "parquet", 2_000, faults)).to_pylist()
        for faults in ([], ["duplicates"])
    )
    assert [row for row in range(2_000) if clean[row] != faulty[row]] == rows
    assert [faulty[row] for row in rows] == clean[:EACH]


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_unknown_column_is_the_last(tmp_path: Path, dataset: Dataset, file_format: FileFormat) -> None:
    month = Month(2019, 6)
    path = _write(tmp_path, dataset, month, file_format, 300, ["unknown_column"])
    assert gross_faults(dataset, month, 300, "unknown_column") == list(range(300))
    if file_format == "parquet":
        table = pq.read_table(path)
        names, texts = table.column_names, table[table.num_columns - 1].to_pylist()
    else:
        names = gzip.decompress(path.read_bytes()).decode().split("\r\n")[0].split(",")
        texts = [line.split(",")[-1] or None for line in _lines(path)[:-1]]
    assert names == [*(name for name, _ in dataset.layout(month, file_format).columns), "surge_zone"]
    assert set(texts) == {"north", "south", "midtown", None}


def test_gross_faults_are_the_same_every_time_and_apart(tmp_path: Path, spoiled: tuple[Dataset, Month]) -> None:
    digests = set()
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        path = _write(tmp_path / name, *spoiled, "csv.gz", 300, GROSS_FAULTS)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
        assert len(_lines(path)) == 300
    assert len(digests) == 1
    for rows in (LEAST_ROWS, 21, 300, 12_345_678):
        places = [
            gross_faults(*spoiled, rows, fault) for fault in ("ragged", "unparseable_pickup", "duplicates", "cut")
        ]
        flat = [row for each in places for row in each]
        assert len(flat) == len(set(flat)) == 3 * EACH + 1
        assert EACH <= min(flat) <= max(flat) == rows - 1


@pytest.mark.parametrize(
    ("faults", "rows", "file_format", "message"),
    [
        (["rugged"], 300, "csv.gz", "'rugged' is no gross fault"),
        (["cut", "duplicates"], 300, "parquet", "Parquet has no cut"),
        (["ragged"], LEAST_ROWS - 1, "csv.gz", "at least 20 rows, not 19"),
    ],
)
def test_gross_faults_that_cannot_be_are_refused(
    tmp_path: Path, faults: list[str], rows: int, file_format: FileFormat, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        _write(tmp_path, YELLOW_TAXI, Month(2021, 1), file_format, rows, faults)
    assert not list(tmp_path.iterdir())


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
