"""Files with columns of any name, type and value beside those of yellow trips, and what cleaning makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from taxi_assets.destinations.table_store import TableStore
from taxi_assets.model.datasets import YELLOW_TAXI
from taxi_assets.model.months import Month
from taxi_assets.transform.checksums import CHECKSUMS, Checksums
from taxi_assets.transform.cleaning import CleanedMonth
from taxi_assets.transform.month_file import MonthFile, MonthFiles
from taxi_assets.transform.reading import read_month
from taxi_assets.transform.writing import write_both

MONTH = Month(2024, 1)
ROWS = 3
OURS_AND_THEIRS = (
    *("day", "month", "dataset", "trips", "pickup", "dropoff", "zones", "pickup_zone", "Borough", "location_id", "c0"),
    *("trip_month", "source_row", "reasons", "published_text", "Quality Flags", "published_day", "trip_type"),
    *("ctid", "XMIN", "tableoid", "rowid", "oid", "filename", "file_row_number", "file_index", "__index_level_1__"),
    *("_PARTITIONTIME", "_PARTITIONDATE", "_TABLE_SUFFIX", "_FILE_NAME", "_ROW_TIMESTAMP", "__ROOT__x", "_CHANGE_TYPE"),
    *(
        "_COLIDENTIFIER",
        "select",
        "order",
        "group",
        "a.b",
        "A-B",
        "a b",
        "A_B",
        "Größe",
        "größe",
        "",
        " ",
        "'; --",
        '"',
    ),
    *("`", "x" * 63, "x" * 64, "x" * 300, "ü" * 80, "1", "%s", "{}", "\\", "a\0b", "\n", "\u202e", "😀"),
)
"""Names that SQL, one of the databases, or this project uses for something else."""
MOMENTS = (-(2**63), -(10**17), -1, 0, 1_704_268_800_000_000, 10**17, 2**63 - 1)
WORDS = (
    "",
    " ",
    "NULL",
    "x",
    "'",
    '"',
    "\0",
    "a\0b",
    "\u202e",
    "😀" * 20_000,
    "y" * 200_000,
    "\\N",
    "{}",
    "%s",
    "\\x00",
)


def _arrays(arrow_type: pa.DataType, values: st.SearchStrategy[Any]) -> st.SearchStrategy[pa.Array]:
    lists = st.lists(st.none() | values, min_size=ROWS, max_size=ROWS)
    return lists.map(lambda chosen: pa.array(chosen, arrow_type))


def _whole(arrow_type: pa.DataType, bits: int, low: int) -> st.SearchStrategy[pa.Array]:
    return _arrays(arrow_type, st.integers(low, low + 2**bits - 1))


def _moments(arrow_type: pa.DataType) -> st.SearchStrategy[pa.Array]:
    return _arrays(pa.int64(), st.sampled_from(MOMENTS)).map(lambda numbers: numbers.view(arrow_type))


def not_utf8(values: Sequence[bytes | None]) -> pa.Array:
    binary = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(binary), binary.buffers())


_TEXTS = st.sampled_from(WORDS) | st.text(max_size=20)
_BYTES = st.sampled_from([b"", b"\0", b"\xff\xfe", b"z" * 100_000]) | st.binary(max_size=20)
FLAT = st.one_of(
    _arrays(pa.string(), _TEXTS),
    _arrays(pa.string(), _TEXTS).map(pa.Array.dictionary_encode),
    _arrays(pa.large_string(), _TEXTS),
    _arrays(pa.binary(), _BYTES),
    _arrays(pa.binary(4), st.binary(min_size=4, max_size=4)),
    st.lists(st.none() | _BYTES, min_size=ROWS, max_size=ROWS).map(not_utf8),
    _arrays(pa.bool_(), st.booleans()),
    *(
        _whole(each, each.bit_width, -(2 ** (each.bit_width - 1)))
        for each in (pa.int8(), pa.int16(), pa.int32(), pa.int64())
    ),
    *(_whole(each, each.bit_width, 0) for each in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())),
    _arrays(pa.float64(), st.floats() | st.sampled_from([1e300, -0.0])),
    _arrays(pa.float32(), st.floats(width=32)),
    _arrays(pa.float16(), st.floats(width=16)),
    _arrays(pa.decimal128(38, 4), st.decimals(-(10**30), 10**30, places=4)),
    _arrays(pa.decimal256(76, 0), st.decimals(-(10**60), 10**60, places=0)),
    *(_moments(pa.timestamp(unit, zone)) for unit in ("ms", "us", "ns") for zone in (None, "UTC", "America/New_York")),
    _moments(pa.duration("us")),
    _arrays(pa.time64("us"), st.times()),
    _arrays(pa.time32("ms"), st.times().map(lambda time: time.replace(microsecond=0))),
    _arrays(pa.int32(), st.sampled_from([-(2**31), -1, 0, 2**31 - 1])).map(lambda days: days.view(pa.date32())),
    st.just(
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0123456789abcdef", None, b"\0" * 16], pa.binary(16)))
    ),
    st.just(pa.nulls(ROWS)),
)
_DOCUMENTS = st.fixed_dictionaries({"a": st.none() | st.floats(), "b": st.none() | st.lists(_TEXTS, max_size=2)})
NESTED = st.one_of(
    _arrays(pa.struct([("a", pa.float64()), ("b", pa.list_(pa.string()))]), _DOCUMENTS),
    _arrays(pa.list_(pa.timestamp("us")), st.lists(st.sampled_from([0, 2**62]), max_size=2)),
    _arrays(pa.list_(pa.binary(), 2), st.lists(_BYTES, min_size=2, max_size=2)),
    _arrays(
        pa.map_(pa.string(), pa.int64()),
        st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=2).map(lambda pairs: list(pairs.items())),
    ),
)
NAMES = st.sampled_from(OURS_AND_THEIRS) | st.text(max_size=70)
COLUMNS = st.lists(st.tuples(NAMES, FLAT | NESTED), min_size=1, max_size=8)


_DAY = 86_400_000_000
EXTREMES: tuple[tuple[str, pa.Array], ...] = (
    *((name, pa.array([f"{place}"] * ROWS)) for place, name in enumerate(OURS_AND_THEIRS)),
    ("texts", pa.array(["\0", "y" * 200_000, "\u202e"])),
    ("no_utf8", not_utf8([b"\xff", None, b"a"])),
    ("bytes", pa.array([b"\xff" * 100_000, None, b"\0"], pa.binary())),
    ("whole", pa.array([2**64 - 1, 0, None], pa.uint64())),
    ("double", pa.array([1e300, float("inf"), float("nan")])),
    ("decimal", pa.array([Decimal(10) ** 60, None, Decimal(-1)], pa.decimal256(76, 0))),
    ("moment", pa.array([2**63 - 1, -(2**63), 0], pa.int64()).view(pa.timestamp("us"))),
    ("zoned", pa.array([2**62, None, 0], pa.int64()).view(pa.timestamp("us", "America/New_York"))),
    ("date", pa.array([2**31 - 1, -(2**31), 0], pa.int32()).view(pa.date32())),
    ("span", pa.array([2**63 - 1, None, 0], pa.int64()).view(pa.duration("us"))),
    ("nested", pa.array([{"a": "\0", "b": [float("nan")]}, None, {"a": None, "b": []}])),
    ("times", pa.array([[_DAY], None, []], pa.list_(pa.timestamp("us")))),
)
"""One column of each name, and each type with its extreme values."""


def trips(rows: int = ROWS) -> dict[str, pa.Array]:
    """So many yellow trips, as TLC's files of 2024 have them."""
    moments = [MONTH.start + timedelta(days=2, minutes=7 * row) for row in range(rows)]
    amounts = ("fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount", "improvement_surcharge", "total_amount")
    return {
        "VendorID": pa.array([1] * rows, pa.int32()),
        "tpep_pickup_datetime": pa.array(moments, pa.timestamp("us")),
        "tpep_dropoff_datetime": pa.array([each + timedelta(minutes=9) for each in moments], pa.timestamp("us")),
        "passenger_count": pa.array([1] * rows),
        "trip_distance": pa.array([row % 10 + 0.5 for row in range(rows)]),
        "RatecodeID": pa.array([1] * rows),
        "store_and_fwd_flag": pa.array(["N"] * rows),
        "PULocationID": pa.array([100 + row % 100 for row in range(rows)], pa.int32()),
        "DOLocationID": pa.array([43] * rows, pa.int32()),
        "payment_type": pa.array([2] * rows),
        **{name: pa.array([1.0] * rows) for name in amounts},
    }


def write(folder: Path, columns: Mapping[str, pa.Array], extras: Sequence[tuple[str, pa.Array]] = ()) -> Path:
    """A published file of these columns; the names of `extras` need not differ."""
    path = folder / f"{uuid4().hex}.parquet"
    names = [*columns, *(name for name, _ in extras)]
    arrays = [*columns.values(), *(array for _, array in extras)]
    pq.write_table(pa.Table.from_arrays(arrays, names), path)
    return path


def cleaned(path: Path) -> MonthFiles:
    """The month of yellow trips that cleaning makes of a published file."""
    month = CleanedMonth(YELLOW_TAXI, MONTH, path.name, read_month(path, "parquet", YELLOW_TAXI.published_columns))
    clean, quarantine = path.with_suffix(".clean"), path.with_suffix(".quarantine")
    write_both(month, clean, quarantine)
    return MonthFiles(MonthFile.local(clean), MonthFile.local(quarantine))


def check_takes(store: TableStore, files: MonthFiles) -> None:
    """Loads a month; its copy must add up to what was counted while it was cleaned."""
    assert store.replace_month(MONTH, files) == files.clean.rows
    known = Checksums.from_json(files.clean.facts[CHECKSUMS])
    assert store.checksums(MONTH).differences(known) == []
