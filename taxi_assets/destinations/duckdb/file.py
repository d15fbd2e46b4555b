"""The DuckDB file, opened by one process at a time.

DuckDB lets one process write, and none read meanwhile; so all wait for a lock file beside the database.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb
from filelock import FileLock, Timeout

from taxi_assets.bounds import DUCKDB_MEMORY_MB, DUCKDB_THREADS
from taxi_assets.destinations.duckdb.format import FORMAT, is_newer, newer_file
from taxi_assets.destinations.duckdb.holder import Wait, holder_of, is_in_use, run_that_locks
from taxi_assets.errors import MissingTableError, TaxiError, message_of
from taxi_assets.progress import track

WAIT_SECONDS = 120
"""How long to wait for a program that has the file open, such as a forgotten shell. A step does so three times."""
QUEUE_SECONDS = 600
"""How long to wait for other runs of ours, which load one after another."""
_POLL_SECONDS = 1.0
_Result = TypeVar("_Result")
# Importing it opened a database in memory, with a thread for each core.
duckdb.execute("SET threads = 1")


@dataclass(frozen=True)
class DuckDBFile:
    """The database file at `path`."""

    path: Path
    wait_seconds: float = WAIT_SECONDS
    queue_seconds: float = QUEUE_SECONDS

    @contextmanager
    def connected(self, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that no other process has at the same time.

        Raises HeldError when another program has the database open for longer than `wait_seconds`, or runs of ours for
        longer than `queue_seconds` (a retry may help); TaxiError when the file is not a DuckDB database, or when a
        newer DuckDB wrote it; MissingTableError when there is no file to read.
        """
        with self.locked():
            connection = self._open(read_only=read_only)
            try:
                yield connection
            finally:
                connection.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the lock, for code that opens the file by itself; raises HeldError after `queue_seconds` without it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path.with_name(f"{self.path.name}.lock"))
        wait = Wait(self.path, self.queue_seconds)
        while not lock.is_locked:
            try:
                lock.acquire(blocking=False)
            except Timeout as error:
                wait(run_that_locks(Path(lock.lock_file)), error)
        try:
            yield
        finally:
            lock.release()

    def check(self) -> None:
        """Raises what `connected` raises for a file that cannot be opened for writing; called while locked."""
        if self.path.exists():
            self._open(read_only=False).close()

    def _open(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        """Opens the file; waits while a program that does not heed our lock, such as a DuckDB shell, has it open."""
        if read_only and not self.path.exists():
            raise MissingTableError(f"There is no warehouse {self.path} yet.")
        wait = Wait(self.path, self.wait_seconds)
        while True:
            try:
                connection = duckdb.connect(self.path, read_only=read_only, config=connection_config())
            except duckdb.Error as error:
                if is_newer(error):
                    raise newer_file(self.path) from error
                if not is_in_use(error):
                    raise TaxiError(
                        f"DuckDB cannot open {self.path}: {message_of(error)}.", "Is it a DuckDB database?"
                    ) from error
                wait(holder_of(error), error)
            else:
                if not read_only:  # nobody else has it open, so what is spilled there is from a process that was killed
                    shutil.rmtree(self.path.with_name(f"{self.path.name}.tmp"), ignore_errors=True)
                return connection


def with_enough_memory(connection: duckdb.DuckDBPyConnection, work: Callable[[], _Result]) -> _Result:
    """The result of `work`, which is done anew with 4 and 16 times the memory when DuckDB runs out of it.

    DuckDB holds 122,880 rows until they are written, so that a month needs memory by the width of its rows: texts of
    columns that the publisher added may be of any length. Raises TaxiError when all of it is too little.
    """
    for factor in (1, 4, 16):
        if factor > 1:
            connection.execute(f"SET memory_limit = '{factor * DUCKDB_MEMORY_MB}MB'")
        try:
            return work()
        except duckdb.Error as error:
            if "memory_limit" not in str(error):  # a commit that runs out of it raises a TransactionException
                raise
            lacking = error
    raise TaxiError(
        f"DuckDB needs more than {factor * DUCKDB_MEMORY_MB} MB for the month's rows: {message_of(lacking)}.",
        "Are the texts of some column far longer than those of other months?",
    ) from lacking


def insert(connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[str], rows: int) -> None:
    """Runs an INSERT of `rows` rows in another thread, while this one reports its progress and can interrupt it."""
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    work = track("loading", rows=rows)
    with ThreadPoolExecutor(1, "duckdb") as thread:
        load = thread.submit(connection.execute, query, parameters)
        try:
            while not wait([load], _POLL_SECONDS).done:
                work.update(rows=round(max(connection.query_progress(), 0) / 100 * rows))
        except BaseException:
            connection.interrupt()
            raise
        load.result()


def connection_config() -> dict[str, str | bool | int | float | list[str]]:
    """DuckDB's settings for every connection to the file, those of Dagster's own IO manager included.

    Threads and memory are bounded together. Rows may be stored in any order, which makes a load three times as fast. A
    new file has the format of DuckDB 1.0, which all later versions read.
    """
    return {
        "threads": DUCKDB_THREADS,
        "memory_limit": f"{DUCKDB_MEMORY_MB}MB",
        "preserve_insertion_order": False,
        "storage_compatibility_version": FORMAT,
    }


def column_types(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> dict[str, str]:
    """The columns of a table or view, in their order, with their types; none when it does not exist."""
    query = (
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?"
        " ORDER BY column_index"
    )
    return dict(connection.execute(query, [schema, name]).fetchall())
