"""Sample months damaged for tests of the reader: what TLC has not published, but a broken file may hold.

| fault | what it does | rows |
|---|---|---|
| `ragged` | rows with half of their fields, and one (the last) with two fields too many, not empty | few |
| `cut` | the last line is cut in its middle and has no line end | the last |
| `unparseable_pickup` | pickups that are no time, one of them empty | few |
| `float_codes` | whole numbers are written as `1.0`, as after a round trip through pandas | all |
| `duplicates` | rows repeat one of the file's first rows, in every column | few |
| `unknown_column` | a last column `surge_zone` with texts, some of them empty | all |

`duplicates` and `unknown_column` are for both formats, the others for CSV. `few` is EACH, and no row has two of them.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from taxi_assets.model.columns import Kind
from taxi_assets.model.datasets import Dataset, FileFormat
from taxi_assets.model.eras import Layout
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.generator import file_columns, write_sample
from taxi_assets.publishers.sample.trips import Dice
from taxi_assets.publishers.sample.writing import LINE_END, FileColumn

GROSS_FAULTS: Final = ("ragged", "cut", "unparseable_pickup", "float_codes", "duplicates", "unknown_column")
IN_PARQUET_TOO: Final = ("duplicates", "unknown_column")
EACH: Final = 3
LEAST_ROWS: Final = 20
"""Files with fewer rows have no room for the faults."""
NO_TIMES: Final = (b"not a time", b"", b"2021-13-45 25:61:61")
UNKNOWN_COLUMN: Final = "surge_zone"
SURGE_ZONES: Final = ("", "north", "south", "midtown")

_SCATTERED: Final = ("ragged", "unparseable_pickup", "duplicates")

Lines = list[bytes]
"""The rows of a CSV file, without their line ends."""


def gross_faults(dataset: Dataset, month: Month, rows: int, fault: str) -> list[int]:
    """The rows of a sample that a fault changes, ascending, from 0; the n-th duplicate repeats row n of the file.

    Raises ValueError for another name, or for too few rows.
    """
    if fault not in GROSS_FAULTS:
        raise ValueError(f"{fault!r} is no gross fault: use {', '.join(GROSS_FAULTS)}")
    if rows < LEAST_ROWS:
        raise ValueError(f"a sample with gross faults has at least {LEAST_ROWS} rows, not {rows}")
    if fault == "cut":
        return [rows - 1]
    if fault not in _SCATTERED:
        return list(range(rows))
    # The first rows are there to be repeated, the last to be cut; each fault has every third of the slots between.
    slots = EACH * len(_SCATTERED)
    width = (rows - EACH - 1) // slots
    places = EACH + width * np.arange(slots) + Dice(slots, dataset.name, month, rows, "gross").below(width)
    chosen: list[int] = places[_SCATTERED.index(fault) :: len(_SCATTERED)].tolist()
    return chosen


def write_faulty_sample(
    dataset: Dataset, month: Month, path: Path, *, rows: int, file_format: FileFormat, faults: Sequence[str]
) -> None:
    """Writes a sample month and damages the file; raises ValueError for a fault that there is not in its format."""
    if file_format == "parquet" and (only := [fault for fault in faults if fault not in IN_PARQUET_TOO]):
        raise ValueError(f"Parquet has no {', '.join(only)}: those faults are for csv.gz")
    hit = {fault: gross_faults(dataset, month, rows, fault) for fault in faults}
    write_sample(dataset, month, path, rows=rows, file_format=file_format)
    if file_format == "parquet":
        _damage_parquet(path, hit)
    elif hit:
        _damage_csv(path, dataset.layout(month, file_format), file_columns(dataset, month, file_format), hit)


def _damage_parquet(path: Path, hit: dict[str, list[int]]) -> None:
    table = pq.read_table(path)
    if "unknown_column" in hit:
        texts = [SURGE_ZONES[row % len(SURGE_ZONES)] or None for row in range(table.num_rows)]
        table = table.append_column(UNKNOWN_COLUMN, pa.array(texts, pa.string()))
    places = np.arange(table.num_rows)
    places[hit.get("duplicates", [])] = range(len(hit.get("duplicates", [])))
    pq.write_table(table.take(places), path)


def _damage_csv(path: Path, era: Layout, columns: Sequence[FileColumn], hit: dict[str, list[int]]) -> None:
    head_end = b"\n" + LINE_END if era.blank_line else LINE_END
    header, _, text = gzip.decompress(path.read_bytes()).partition(head_end)
    lines = text.split(LINE_END)[:-1]
    if "float_codes" in hit:
        lines = _with_float_codes(lines, era, columns)
    if "unknown_column" in hit:
        header += b"," + _quoted(UNKNOWN_COLUMN.encode(), era)
        lines = _with_unknown_column(lines, era)
    for original, row in enumerate(hit.get("duplicates", [])):
        lines[row] = lines[original]
    pickup = [column.key for column in columns].index("pickup_datetime")
    for no_time, row in zip(NO_TIMES, hit.get("unparseable_pickup", []), strict=False):
        fields = lines[row].split(b",")
        lines[row] = b",".join([*fields[:pickup], _quoted(no_time, era), *fields[pickup + 1 :]])
    for row in hit.get("ragged", []):
        lines[row] = _longer(lines[row]) if row == hit["ragged"][-1] else _shorter(lines[row])
    if "cut" in hit:
        lines[-1] = lines[-1][: len(lines[-1]) // 2]
    end = b"" if "cut" in hit else LINE_END
    path.write_bytes(gzip.compress(header + head_end + LINE_END.join(lines) + end, mtime=0))


def _with_float_codes(lines: Lines, era: Layout, columns: Sequence[FileColumn]) -> Lines:
    def with_point(field: bytes) -> bytes:
        text = field.strip(b'"')
        return _quoted(text + b".0", era) if text else field

    for place, column in enumerate(columns):
        if column.held.kind in (Kind.CODE, Kind.LONG):
            lines = [_edited(line, place, with_point) for line in lines]
    return lines


def _with_unknown_column(lines: Lines, era: Layout) -> Lines:
    """The rows with a further field, which stands before the stray ones."""
    stray = b"," * era.stray_fields
    texts = [_quoted(text.encode(), era) for text in SURGE_ZONES]
    return [line.removesuffix(stray) + b"," + texts[row % len(texts)] + stray for row, line in enumerate(lines)]


def _edited(line: bytes, place: int, edit: Callable[[bytes], bytes]) -> bytes:
    """The row with one field edited; no field of a sample holds a comma."""
    fields = line.split(b",")
    fields[place] = edit(fields[place])
    return b",".join(fields)


def _quoted(text: bytes, era: Layout) -> bytes:
    return b'"' + text + b'"' if era.quoted else text


def _shorter(line: bytes) -> bytes:
    fields = line.split(b",")
    return b",".join(fields[: len(fields) // 2])


def _longer(line: bytes) -> bytes:
    return line + (b',"9","9"' if line.startswith(b'"') else b",9,9")
