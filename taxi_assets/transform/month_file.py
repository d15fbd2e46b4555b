"""A month as one Parquet file: writing it, and reading its rows and facts."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from taxi_assets.atomic_files import temporary_folder
from taxi_assets.errors import TaxiError
from taxi_assets.model.origin import SOURCE_FILE, source_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow.dataset as ds

ROW_GROUP_ROWS = 131_072
"""Small enough to be held in memory while it fills, large enough to compress and to prune by."""
_BATCH_ROWS = 16_384
_DELTA = ("pickup_datetime", "dropoff_datetime", "source_row")
"""Columns of long, slowly rising numbers: delta encoding is smaller and faster than a dictionary of them."""


@dataclass(frozen=True)
class MonthFile:
    """A month in Parquet: where it is (`uri`), its size in bytes, its schema, and the facts that its writer left in it.

    `path` is None when the file is not on this machine; then `download` copies it to a path. `footer` is what was read
    to describe the file, if it is at hand.
    """

    uri: str
    rows: int
    size: int
    schema: pa.Schema
    facts: Mapping[str, str]
    path: Path | None = None
    download: Callable[[Path], None] | None = None
    footer: pq.FileMetaData | None = field(default=None, compare=False, repr=False)
    identity: tuple[int, ...] = field(default=(), compare=False)
    """Of a local file: what tells it from one that takes its place under the same name."""

    @classmethod
    def local(cls, path: Path) -> MonthFile:
        """Opens a local file; raises FileNotFoundError, or pyarrow.ArrowInvalid when it is not Parquet."""
        identity = _identity(path)
        file = pq.ParquetFile(path, pre_buffer=False)
        return cls(
            path.resolve().as_uri(),
            file.metadata.num_rows,
            path.stat().st_size,
            file.schema_arrow.remove_metadata(),
            facts_in(file.metadata),
            path,
            footer=file.metadata,
            identity=identity,
        )

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A local path to read the file from; a remote file is downloaded for as long as the block lasts.

        Raises TaxiError (a retry may help) when another run has replaced a local file since it was opened: its rows
        would be loaded with the facts of the old one.
        """
        if self.path is not None:
            if self.identity and _identity(self.path) != self.identity:
                raise TaxiError(
                    f"Another run has replaced {self.path} since this one opened it.",
                    "Run the month again.",
                    retry=True,
                )
            yield self.path
            return
        if self.download is None:
            raise ValueError(f"{self.uri} is not on this machine, and there is no way to download it")
        with temporary_folder() as folder:
            path = folder / "month.parquet"
            self.download(path)
            yield path

    def bounds(self, name: str) -> tuple[Any, Any] | None:
        """The smallest and largest value of a column, from the statistics of its row groups; None without values."""
        known = [each for each in self._statistics([name])[name] if each is not None and each.has_min_max]
        return (min(each.min for each in known), max(each.max for each in known)) if known else None

    def source_file(self) -> str:
        """The published file that the month is from; by its rows, when another program has written it without facts."""
        if SOURCE_FILE in self.facts or SOURCE_FILE not in self.schema.names:
            return source_of(self.facts)
        first, _ = self.bounds(SOURCE_FILE) or (source_of(self.facts), "")
        return str(first)

    def dataset(self) -> ds.Dataset:
        """The rows of a local file as a lazy pyarrow Dataset; raises TaxiError when the file is not on this machine."""
        import pyarrow.dataset as ds

        if self.path is None:
            raise TaxiError(
                f"{self.uri} is not on this machine.", "Ask for a RecordBatchReader or a DataFrame instead."
            )
        return ds.dataset(self.path, format="parquet")

    def batches(self, leaving_out: Container[str] = ()) -> pa.RecordBatchReader:
        """The rows as a stream of record batches, without the columns of `leaving_out`; memory holds one row group."""
        schema = pa.schema([field for field in self.schema if field.name not in leaving_out])

        def read() -> Iterator[pa.RecordBatch]:
            with self.on_disk() as path:
                yield from pq.ParquetFile(path, pre_buffer=False).iter_batches(_BATCH_ROWS, columns=schema.names)

        return pa.RecordBatchReader.from_batches(schema, read())

    def uniform(self) -> dict[str, str | None]:
        """Columns that hold one text (or None) in all rows, from the footer's statistics: they need not be read."""
        if self.rows == 0:
            return {}
        flat = [field.name for field in self.schema if not pa.types.is_nested(field.type)]
        found: dict[str, str | None] = {}
        for name, groups in self._statistics(flat).items():
            known = [group for group in groups if group is not None and group.has_null_count]
            if len(known) < len(groups):
                continue
            nulls = sum(group.null_count for group in known)
            values = {value for group in known if group.has_min_max for value in (group.min, group.max)}
            if nulls == self.rows:
                found[name] = None
            elif nulls == 0 and len(values) == 1 and pa.types.is_string(self.schema.field(name).type):
                found[name] = values.pop()
        return found

    def frame(self) -> pd.DataFrame:
        """The whole month as a DataFrame, in memory."""
        with self.on_disk() as path:
            frame: pd.DataFrame = pq.ParquetFile(path).read().to_pandas()
        return frame

    def _statistics(self, names: Iterable[str]) -> dict[str, list[pq.Statistics | None]]:
        """The statistics of the row groups, by column; only for columns that come before the first nested one."""
        footer = self.footer
        if footer is None:
            with self.on_disk() as path:
                footer = pq.ParquetFile(path, pre_buffer=False).metadata
        groups = [footer.row_group(group) for group in range(footer.num_row_groups)]
        places = {name: self.schema.names.index(name) for name in names}
        return {name: [group.column(place).statistics for group in groups] for name, place in places.items()}


@dataclass(frozen=True)
class MonthFiles:
    """The two files of a cleaned month: its clean rows, and those in quarantine."""

    clean: MonthFile
    quarantine: MonthFile


class MonthWriter:
    """Writes record batches to a Parquet file in row groups of ROW_GROUP_ROWS; a context manager.

    The same batches give the same bytes. `facts` end up in the file's key-value metadata.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        delta = [name for name in _DELTA if name in schema.names]
        lists = [field.name for field in schema if pa.types.is_list(field.type)]
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=3,
            use_dictionary=[name for name in schema.names if name not in {*delta, *lists}],
            column_encoding=dict.fromkeys(delta, "DELTA_BINARY_PACKED"),
        )
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def __enter__(self) -> MonthWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        self._rows += batch.num_rows
        while self._rows >= ROW_GROUP_ROWS:
            self._write_group(ROW_GROUP_ROWS)

    def finish(self, facts: Mapping[str, str]) -> None:
        """Writes the rows that still wait for a full row group, and the facts."""
        self._write_group(self._rows)
        self._writer.add_key_value_metadata(dict(facts))

    def _write_group(self, rows: int) -> None:
        if rows == 0:
            return
        table = pa.Table.from_batches(self._waiting)
        self._writer.write_table(table.slice(0, rows), row_group_size=rows)
        rest = table.slice(rows)
        self._waiting = rest.to_batches()
        self._rows = rest.num_rows


def _identity(path: Path) -> tuple[int, ...]:
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


def facts_in(footer: pq.FileMetaData) -> dict[str, str]:
    """The key-value facts that `MonthWriter.finish` left in a file."""
    pairs: Iterable[tuple[bytes, bytes]] = (footer.metadata or {}).items()
    return {key.decode(): value.decode() for key, value in pairs if not key.startswith((b"ARROW:", b"pandas"))}
