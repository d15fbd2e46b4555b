"""Damaged and hostile files of a publisher: each is loaded, or refused by an error for people."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxi_assets.model.datasets import YELLOW_TAXI
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets_tests.fuzz.loader import Loader
from taxi_assets_tests.fuzz.mutations import MUTATIONS, Mutation, fuzzed, mutated

pytestmark = pytest.mark.slow

MONTH = Month(2021, 1)
ROWS = 60
MOST_MEMORY = 1 << 30
Check = Callable[[bytes, str], str]


@pytest.fixture(scope="module")
def loader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loader]:
    with Loader(tmp_path_factory.mktemp("loaded")) as loader:
        yield loader


@pytest.fixture(scope="module")
def check(loader: Loader, tmp_path_factory: pytest.TempPathFactory) -> Check:
    """Loads bytes as a file of a format, and holds that the outcome is one that people can be told."""
    path = tmp_path_factory.mktemp("published") / "month"

    def check(content: bytes, file_format: str) -> str:
        path.write_bytes(content)
        outcome = loader.load(path, file_format)
        assert outcome == "loaded" or outcome.startswith("TaxiError: ")
        assert loader.peak < MOST_MEMORY
        return outcome

    return check


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A month as text."""
    path = tmp_path_factory.mktemp("csv") / "month"
    write_sample(YELLOW_TAXI, MONTH, path, rows=ROWS, file_format="csv.gz")
    return gzip.decompress(path.read_bytes())


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A month, not compressed, with a column of each type that nobody has described."""
    path = tmp_path_factory.mktemp("parquet") / "month"
    write_sample(YELLOW_TAXI, MONTH, path, rows=ROWS, file_format="parquet")
    moment = datetime(2021, 1, 1, tzinfo=UTC)
    values: dict[str, tuple[object, pa.DataType]] = {
        "list": ([1, None], pa.list_(pa.int64())),
        "texts": (["a", None], pa.list_(pa.string())),
        "struct": ({"u": "q", "v": 1.5}, pa.struct([("u", pa.string()), ("v", pa.float64())])),
        "map": ([("k", "v")], pa.map_(pa.string(), pa.string())),
        "bytes": (b"\xff\x00", pa.binary()),
        "four": (b"abcd", pa.binary(4)),
        "decimal": (Decimal("1.23"), pa.decimal128(5, 2)),
        "wide_decimal": (Decimal("1.23"), pa.decimal256(60, 2)),
        "date": (date(2021, 1, 1), pa.date32()),
        "time": (time(1, 2, 3), pa.time64("ns")),
        "zoned": (moment, pa.timestamp("us", "UTC")),
        "nanoseconds": (moment.replace(tzinfo=None), pa.timestamp("ns")),
        "duration": (timedelta(1), pa.duration("us")),
        "unsigned": (2**63 + 5, pa.uint64()),
        "half": (1.5, pa.float16()),
        "view": ("zz", pa.string_view()),
        "uuid": (b"0123456789abcdef", pa.uuid()),
        "json": ("{}", pa.json_()),
    }
    table = pq.read_table(path)
    for name, (value, arrow_type) in values.items():
        table = table.append_column(f"x_{name}", pa.array([value] * ROWS, arrow_type))
    pq.write_table(table, path, compression="none", row_group_size=40)
    return path.read_bytes()


def footer_of(parquet: bytes) -> int:
    """Where the footer begins."""
    return len(parquet) - 8 - int.from_bytes(parquet[-8:-4], "little")


def test_the_whole_files_are_loaded(check: Check, csv: bytes, parquet: bytes) -> None:
    assert check(gzip.compress(csv), "csv.gz") == check(parquet, "parquet") == "loaded"


def test_a_crash_and_a_hang_would_be_seen(loader: Loader) -> None:
    loader._process.kill()
    assert loader.load(Path("/nowhere"), "csv.gz") == "crashes with -9"
    assert loader.load(Path("/nowhere"), "csv.gz").startswith("FileNotFoundError")


@fuzzed(100)
@given(mutations=MUTATIONS)
def test_csv_with_changed_bytes(check: Check, csv: bytes, mutations: Sequence[Mutation]) -> None:
    check(gzip.compress(mutated(csv, mutations), 1), "csv.gz")


@fuzzed(50)
@given(header=st.booleans(), text=st.one_of(st.binary(max_size=2_000), st.text(max_size=500).map(str.encode)))
def test_anything_instead_of_rows(check: Check, csv: bytes, header: bool, text: bytes) -> None:
    check(gzip.compress((csv[: csv.index(b"\n") + 1] if header else b"") + text), "csv.gz")


@fuzzed(100)
@given(mutations=MUTATIONS, verified=st.booleans())
def test_gzip_with_changed_bytes(check: Check, csv: bytes, mutations: Sequence[Mutation], verified: bool) -> None:
    """Also of a file that changes in the lake, after it was verified."""
    check(mutated(gzip.compress(csv), mutations), "csv.gz" if verified else "unverified")


@fuzzed(50)
@given(parts=st.lists(st.tuples(st.binary(max_size=50), st.integers(0, 9), st.booleans()), max_size=4))
def test_gzip_of_any_members(check: Check, csv: bytes, parts: Sequence[tuple[bytes, int, bool]]) -> None:
    members = [gzip.compress(text, level) if whole else zlib.compress(text, level) for text, level, whole in parts]
    check(gzip.compress(csv) + b"".join(members), "csv.gz")


@fuzzed(200)
@given(mutations=MUTATIONS, right_length=st.booleans())
def test_parquet_with_a_changed_footer(
    check: Check, parquet: bytes, mutations: Sequence[Mutation], right_length: bool
) -> None:
    footer = footer_of(parquet)
    changed = mutated(parquet, mutations, footer)
    if right_length:
        changed = changed[:-8] + max(0, len(changed) - 8 - footer).to_bytes(4, "little") + b"PAR1"
    check(changed, "parquet")


@fuzzed(100)
@given(mutations=MUTATIONS)
def test_parquet_with_changed_pages(check: Check, parquet: bytes, mutations: Sequence[Mutation]) -> None:
    footer = footer_of(parquet)
    pages = mutated(parquet[:footer], mutations, 4)
    pages = pages[:footer].ljust(footer, b"\x00")  # the footer tells places by bytes from the start
    check(pages + parquet[footer:], "parquet")
