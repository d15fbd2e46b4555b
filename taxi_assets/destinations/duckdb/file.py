"""The DuckDB file and whose turn it is to have it open.

DuckDB lets one process at a time write, and none read meanwhile, so all queue at a lock file beside the database.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from taxi_assets.bounds import DUCKDB_MEMORY, DUCKDB_THREADS
from taxi_assets.destinations.duckdb.format import FORMAT, is_newer, newer_file
from taxi_assets.errors import TaxiError, message_of
from taxi_assets.progress import track

WAIT_SECONDS = 600
_LOOK_SECONDS = 1.0
# Importing it opened a database in memory, with a thread for each core.
duckdb.execute("SET threads = 1")


@dataclass(frozen=True)
class DuckDBFile:
    """The database file at `path`."""

    path: Path
    wait_seconds: float = WAIT_SECONDS

    @contextmanager
    def connected(self, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of our own.

        Raises TaxiError when another program holds the database for longer than `wait_seconds` (retry helps), the
        file is none of DuckDB's, or a newer DuckDB wrote it.
        """
        with self.locked():
            connection = self._open(read_only=read_only)
            try:
                yield connection
            finally:
                connection.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Our turn at the file, for code that opens it by itself; raises TaxiError when it does not come."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path.with_name(f"{self.path.name}.lock"))
        try:
            lock.acquire(timeout=self.wait_seconds)
        except Timeout as error:
            raise self._held(error) from error
        try:
            yield
        finally:
            lock.release()

    def check(self) -> None:
        """Raises TaxiError, as `connected` does, when there is a file that cannot be opened. When it is our turn."""
        if self.path.exists():
            self._open(read_only=True).close()

    def _open(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        """Opens the file, waiting while a program that does not know our lock (a DuckDB shell, say) holds it."""
        deadline = time.monotonic() + self.wait_seconds
        while True:
            try:
                return duckdb.connect(self.path, read_only=read_only, config=connection_config())
            except duckdb.Error as error:
                if is_newer(error):
                    raise newer_file(self.path) from error
                if "Could not set lock" not in str(error):
                    raise TaxiError(
                        f"DuckDB cannot open {self.path}: {message_of(error)}.", "Is it a DuckDB file?"
                    ) from error
                if time.monotonic() > deadline:
                    raise self._held(error) from error
                time.sleep(0.2)

    def _held(self, error: Exception) -> TaxiError:
        return TaxiError(
            f"Another program holds the warehouse for longer than {self.wait_seconds:.0f} s: {message_of(error)}.",
            f"Close what has {self.path} open.",
            retry=True,
        )


def insert(connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[str], rows: int) -> None:
    """Runs an INSERT of so many rows, in a thread of its own: so this one can say how far it is, and stop it."""
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    work = track("loading", rows=rows)
    with ThreadPoolExecutor(1, "duckdb") as thread:
        load = thread.submit(connection.execute, query, parameters)
        try:
            while not wait([load], _LOOK_SECONDS).done:
                work.update(rows=round(max(connection.query_progress(), 0) / 100 * rows))
        except BaseException:
            connection.interrupt()
            raise
        load.result()


def connection_config() -> dict[str, str | bool | int | float | list[str]]:
    """DuckDB's settings for every connection to the file, the stock IO manager's too.

    Threads and memory are bounded together. Rows may lie in any order: a load is three times as fast. A new file has
    the format of DuckDB 1.0, which all later ones read.
    """
    return {
        "threads": DUCKDB_THREADS,
        "memory_limit": DUCKDB_MEMORY,
        "preserve_insertion_order": False,
        "storage_compatibility_version": FORMAT,
    }


def quoted(name: str) -> str:
    """A name as DuckDB's SQL has it."""
    return '"' + name.replace('"', '""') + '"'
