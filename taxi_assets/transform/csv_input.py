"""A published CSV file, parsed by Arrow as far as it is plain, and line by line from there on."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from isal import igzip
from pyarrow import csv as arrow_csv

from taxi_assets import bounds
from taxi_assets.errors import CorruptFileError
from taxi_assets.progress import Tracker, track
from taxi_assets.transform.arrow import text_array
from taxi_assets.transform.block import BATCH_ROWS, Block
from taxi_assets.transform.parquet_input import ADVICE
from taxi_assets.transform.texts import NULL_WORDS, decoded, shown

_BLOCK_BYTES = bounds.CELL_BYTES
"""How much is parsed at a time. 1 MB takes 25 MB more and saves no time."""
_PEEK_BYTES = 64 << 10


class _NotPlainError(Exception):
    """The fast parser has met something that it would silently drop."""


def csv_header(path: Path) -> tuple[list[str], list[str]]:
    """The column names of a csv.gz, and the fields of its first row; in some eras there are more fields than names."""
    with igzip.open(path, "rb") as file:
        lines = file.read(_PEEK_BYTES).decode("utf-8-sig", errors="backslashreplace").splitlines()
    rows = [_fields(line) for line in lines[:8] if line.strip()]
    if len(rows) < 2:
        raise CorruptFileError("The file has no rows.", "Look at what the publisher serves under this name.")
    return rows[0], rows[1]


def csv_blocks(path: Path, types: Sequence[pa.DataType], width: int) -> Iterator[Block]:
    """The rows by Arrow's parser: typed; from the first value that does not fit on as bytes; from the first row with
    another number of fields on line by line.
    """
    work, done = track("reading", size=path.stat().st_size), 0
    readers: tuple[Callable[[int], Iterator[Block]], ...] = (
        lambda _done: (Block(batch.columns, batch.num_rows) for batch in _merged(_parsed(path, types, work, width))),
        lambda done: _bytes_blocks(path, width, len(types), done, work),
        lambda done: _careful_blocks(path, width, done, work),
    )
    for reader in readers:
        try:
            for block in reader(done):
                yield block
                done += block.rows
                work.update(rows=done)
        except (pa.ArrowInvalid, _NotPlainError):
            continue
        return


def _check_plain(stray: Sequence[pa.Array]) -> None:
    """Raises _NotPlainError when a field beyond the header is not empty."""
    if any(array.null_count < len(array) for array in stray):
        raise _NotPlainError


def _parsed(path: Path, types: Sequence[pa.DataType], work: Tracker, width: int) -> Iterator[pa.RecordBatch]:
    names = [str(position) for position in range(len(types))]
    convert = arrow_csv.ConvertOptions(
        column_types=dict(zip(names, types, strict=True)), null_values=NULL_WORDS, strings_can_be_null=True
    )
    with path.open("rb") as packed, igzip.open(packed, "rb") as file:
        for batch in arrow_csv.open_csv(
            pa.PythonFile(file, "r"),
            arrow_csv.ReadOptions(column_names=names, skip_rows=1, block_size=_BLOCK_BYTES),
            convert_options=convert,
        ):
            work.update(size=packed.tell())
            _check_plain(batch.columns[width:])
            yield batch


def _bytes_blocks(path: Path, width: int, fields: int, skip: int, work: Tracker) -> Iterator[Block]:
    """The rows after the first `skip` ones as text; those with bytes that are no UTF-8 as unreadable."""
    for batch in _merged(_parsed(path, [pa.binary()] * fields, work, width)):
        left = batch.slice(min(skip, batch.num_rows))
        skip -= batch.num_rows - left.num_rows
        if left.num_rows:
            columns = [decoded(column) for column in left.columns[:width]]
            undecodable = {place: misfits for place, (_, misfits) in enumerate(columns) if misfits}
            yield Block([texts for texts, _ in columns], left.num_rows, undecodable=undecodable)


def _merged(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Merges the parser's small blocks into batches of about BATCH_ROWS rows, fewer where they are long."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= BATCH_ROWS or size >= bounds.BATCH_BYTES // 2:
            yield pa.concat_batches(waiting)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.concat_batches(waiting)


def _careful_blocks(path: Path, width: int, skip: int, work: Tracker) -> Iterator[Block]:
    """The rows after the first `skip` ones, all as text; as unreadable those with too few or too many fields, or with
    bytes that are no UTF-8.
    """
    lines: list[bytes] = []
    size = 0
    with path.open("rb") as packed, igzip.open(packed, "rb") as file:
        for number, line in enumerate(line for line in _lines(file) if line.strip()):
            if number > skip:  # the header is number 0
                lines.append(line)
                size += len(line)
            if len(lines) == BATCH_ROWS or size >= bounds.BATCH_BYTES // 2:
                work.update(size=packed.tell())
                yield _careful_block(lines, width)
                lines, size = [], 0
    if lines:
        yield _careful_block(lines, width)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines without their ends. Raises CorruptFileError for one that is too long."""
    while line := file.readline(bounds.CELL_BYTES + 1):
        if len(line) > bounds.CELL_BYTES:
            raise CorruptFileError(f"The file has a line of more than {bounds.CELL_BYTES:,} bytes.", ADVICE)
        yield line.rstrip(b"\r\n")


def _careful_block(lines: list[bytes], width: int) -> Block:
    unreadable: dict[int, str] = {}
    rows: list[list[str]] = []
    for number, line in enumerate(lines):
        try:
            fields = _fields(line.decode())
        except (UnicodeDecodeError, csv.Error):  # csv.Error: a value is longer than 131,072 characters
            fields = []
        if len(fields) < width or any(fields[width:]):
            unreadable[number] = shown(line)
            fields = [""] * width
        rows.append(fields[:width])
    columns = [text_array(values) for values in zip(*rows, strict=True)]
    return Block(columns, len(lines), unreadable)


def _fields(line: str) -> list[str]:
    return next(csv.reader([line])) if '"' in line else line.split(",")
