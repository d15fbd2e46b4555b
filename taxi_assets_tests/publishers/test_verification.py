"""Which files are refused: those that are not whole, or not what they should be."""

import gzip
import random
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from isal import igzip

from taxi_assets import bounds
from taxi_assets.errors import CorruptFileError
from taxi_assets.model.datasets import YELLOW_TAXI, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.publishers.verification import check_file

FORMATS: tuple[FileFormat, ...] = ("csv.gz", "parquet")


@pytest.fixture
def file(tmp_path: Path, file_format: FileFormat) -> Path:
    """A whole month."""
    path = tmp_path / f"month.{file_format}"
    write_sample(YELLOW_TAXI, Month(2021, 1), path, rows=300, file_format=file_format)
    return path


def refusal(path: Path, file_format: FileFormat) -> str:
    with pytest.raises(CorruptFileError) as failure:
        check_file(path, file_format)
    assert not failure.value.retry
    return str(failure.value)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_whole_month_passes(file: Path, file_format: FileFormat) -> None:
    check_file(file, file_format)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><html>Sorry</html>", b'<?xml version="1.0"?><Error/>', b"a,b\r\n1,2\r\n"]
)
@pytest.mark.fault(8)
def test_a_page_or_a_text_is_refused_by_its_first_bytes(tmp_path: Path, file_format: FileFormat, page: bytes) -> None:
    (tmp_path / "page").write_bytes(page)
    assert f"is not a {file_format} file: it begins with {page[:10]!r}"[:-1] in refusal(tmp_path / "page", file_format)


@pytest.mark.parametrize(("file_format", "other"), [("csv.gz", "parquet"), ("parquet", "csv.gz")])
def test_a_month_in_the_other_format_is_refused(file: Path, other: FileFormat) -> None:
    assert f"is not a {other} file" in refusal(file, other)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.fault(9)
def test_an_empty_file_is_refused(tmp_path: Path, file_format: FileFormat) -> None:
    (tmp_path / "empty").touch()
    assert "is empty" in refusal(tmp_path / "empty", file_format)


@pytest.mark.parametrize("text", [b"", b"VendorID,tpep_pickup_datetime\r\n", b"VendorID,tpep_pickup_datetime"])
@pytest.mark.fault(10)
def test_a_csv_without_rows_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "none.csv.gz").write_bytes(gzip.compress(text))
    assert "holds no" in refusal(tmp_path / "none.csv.gz", "csv.gz")


def test_a_csv_of_one_row_without_an_end_of_line_passes(tmp_path: Path) -> None:
    (tmp_path / "one.csv.gz").write_bytes(gzip.compress(b"VendorID,trip_distance\r\n1,2.50"))
    check_file(tmp_path / "one.csv.gz", "csv.gz")


@pytest.mark.fault(10)
def test_a_parquet_file_without_rows_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"VendorID": pa.array([], pa.int64())}), tmp_path / "none.parquet")
    assert "holds no rows" in refusal(tmp_path / "none.parquet", "parquet")


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.fault(7)
def test_a_file_cut_anywhere_is_refused(file: Path, file_format: FileFormat) -> None:
    whole = file.read_bytes()
    # Every cut in the head and in the trailer or footer's end, and some between.
    for size in {*range(1, 30), *range(30, len(whole), 301), *range(len(whole) - 30, len(whole))}:
        file.write_bytes(whole[:size])
        refusal(file, file_format)


@pytest.mark.fault(7)
def test_a_gzip_with_a_flipped_bit_in_its_data_or_trailer_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"VendorID,trip_distance\r\n" + b"1,2.50\r\n" * 500)
    for position in range(10, len(whole)):  # the ten bytes before are the header, with a time that nobody needs
        (tmp_path / "flipped").write_bytes(flipped(whole, position, 3))
        refusal(tmp_path / "flipped", "csv.gz")


def test_a_damaged_parquet_footer_is_refused_and_never_raises_anything_else(tmp_path: Path) -> None:
    write_sample(YELLOW_TAXI, Month(2021, 1), tmp_path / "whole", rows=300, file_format="parquet")
    whole = (tmp_path / "whole").read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    choice = random.Random(2021)  # noqa: S311 the same flips every time
    refused = 0
    for _ in range(500):
        (tmp_path / "flipped").write_bytes(flipped(whole, choice.randrange(footer, len(whole)), choice.randrange(8)))
        try:
            check_file(tmp_path / "flipped", "parquet")
        except CorruptFileError:
            refused += 1
    assert refused > 50  # the rest is in what no reader looks at, such as statistics


def flipped(content: bytes, position: int, bit: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 1 << bit]) + content[position + 1 :]


@pytest.mark.parametrize("file_format", FORMATS)
def test_something_after_the_end_of_a_file_is_refused(file: Path, file_format: FileFormat) -> None:
    file.write_bytes(file.read_bytes() + b"<html>")
    refusal(file, file_format)


def test_a_gzip_of_several_members_passes_and_is_refused_when_the_last_is_cut(tmp_path: Path) -> None:
    members = gzip.compress(b"VendorID\r\n1\r\n") + gzip.compress(b"2\r\n")
    (tmp_path / "two.csv.gz").write_bytes(members)
    check_file(tmp_path / "two.csv.gz", "csv.gz")
    (tmp_path / "two.csv.gz").write_bytes(members[:-1])
    refusal(tmp_path / "two.csv.gz", "csv.gz")


@pytest.fixture
def bomb(tmp_path: Path) -> Path:
    """200 MB of lines in a file of little more than 1 MB."""
    path = tmp_path / "bomb.csv.gz"
    with igzip.open(path, "wb") as packed:
        for _ in range(200):
            packed.write(b"1,2,3,4\n" * (1 << 17))
    assert path.stat().st_size < 2 << 20
    return path


@pytest.mark.fault(31)
def test_a_gzip_bomb_is_unpacked_in_bounded_memory(bomb: Path) -> None:
    tracemalloc.start()
    try:
        check_file(bomb, "csv.gz")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 << 20


@pytest.mark.fault(31)
def test_a_gzip_that_unpacks_to_more_than_the_cap_is_refused(bomb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The real cap is 32 GB, half a minute's unpacking.
    monkeypatch.setattr(bounds, "UNPACKED_BYTES", 100 << 20)
    assert "unpacks to more than 104,857,600 bytes" in refusal(bomb, "csv.gz")
