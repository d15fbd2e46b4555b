"""Gross faults, made on demand for tests of a reader: what TLC has not published, but a damaged file may hold.

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

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from taxi_assets.model.columns import Kind
from taxi_assets.publishers.sample.csv_text import Form
from taxi_assets.publishers.sample.file_columns import LINE_END, FileColumn
from taxi_assets.publishers.sample.trips import Bytes, Dice, Trips
from taxi_assets.publishers.sample.undescribed import UNKNOWN_COLUMN

if TYPE_CHECKING:
    from taxi_assets.model.datasets import Dataset, FileFormat
    from taxi_assets.model.months import Month

GROSS_FAULTS: Final = ("ragged", "cut", "unparseable_pickup", "float_codes", "duplicates", "unknown_column")
IN_PARQUET_TOO: Final = ("duplicates", "unknown_column")
EACH: Final = 3
LEAST_ROWS: Final = 20
"""Files with fewer rows have no room for them."""
NO_TIMES: Final = (b"not a time", b"", b"2021-13-45 25:61:61")

_SCATTERED: Final = ("ragged", "unparseable_pickup", "duplicates")


def gross_faults(dataset: Dataset, month: Month, rows: int, fault: str) -> list[int]:
    """The rows of a sample that a gross fault changes, ascending, from 0.

    Of `duplicates` they are the repetitions: the n-th of them repeats row n of the file.
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


@dataclass(frozen=True)
class Gross:
    """The gross faults of one file, by name the rows that have them; all rows for those that columns have."""

    rows: dict[str, list[int]]

    @classmethod
    def of(cls, dataset: Dataset, month: Month, rows: int, faults: Sequence[str], file_format: FileFormat) -> Gross:
        """Raises ValueError for a fault that there is not, at all or in that format."""
        if file_format == "parquet" and (only := [fault for fault in faults if fault not in IN_PARQUET_TOO]):
            raise ValueError(f"Parquet has no {', '.join(only)}: those faults are for csv.gz")
        scattered = {fault: gross_faults(dataset, month, rows, fault) for fault in faults}
        return cls(scattered)

    def columns(self, columns: list[FileColumn]) -> list[FileColumn]:
        if "float_codes" in self.rows:
            columns = [_with_float_codes(column) for column in columns]
        if "unknown_column" in self.rows:
            columns = [*columns, FileColumn(UNKNOWN_COLUMN, "string", UNKNOWN_COLUMN, Form(Kind.TEXT))]
        return columns

    def repeat(self, chunks: Iterable[Trips]) -> Iterator[Trips]:
        """The chunks, with rows that repeat the file's first ones."""
        first, originals = 0, Trips()
        for trips in chunks:
            originals = originals or {name: values[:EACH].copy() for name, values in trips.items()}
            count = len(trips["pickup_datetime"])
            for original, row in enumerate(self.rows.get("duplicates", [])):
                if first <= row < first + count:
                    for name, values in trips.items():
                        values[row - first] = originals[name][original]
            yield trips
            first += count

    def texts(self, column: FileColumn, first: int, texts: Bytes) -> Bytes:
        """The texts of a column from row `first` on, as CSV has them."""
        if column.key != "pickup_datetime":
            return texts
        for text, row in zip(NO_TIMES, self.rows.get("unparseable_pickup", []), strict=False):
            if first <= row < first + len(texts):
                texts[row - first] = text
        return texts

    def lines(self, first: int, count: int, lines: bytes) -> bytes:
        """CSV lines from row `first` on."""
        ragged = [row for row in self.rows.get("ragged", []) if first <= row < first + count]
        cut = [row for row in self.rows.get("cut", []) if first <= row < first + count]
        if not ragged and not cut:
            return lines
        split = lines.split(LINE_END)
        for row in ragged:
            is_last = row == self.rows["ragged"][-1]
            split[row - first] = _longer(split[row - first]) if is_last else _shorter(split[row - first])
        if cut:
            return LINE_END.join([*split[:-2], split[-2][: len(split[-2]) // 2]])
        return LINE_END.join(split)


def _with_float_codes(column: FileColumn) -> FileColumn:
    if column.form.kind not in (Kind.CODE, Kind.LONG):
        return column
    return replace(column, form=replace(column.form, write=lambda value: f"{value}.0"))


def _shorter(line: bytes) -> bytes:
    fields = line.split(b",")
    return b",".join(fields[: len(fields) // 2])


def _longer(line: bytes) -> bytes:
    return line + (b',"9","9"' if line.startswith(b'"') else b",9,9")
