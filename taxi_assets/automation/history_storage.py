"""Dagster's storage of its history, for what Dagster's API cannot do: delete single events, check results and files,
and tell the size.

SQL goes through the storage's own connections, whether to SQLite or to Postgres. With SQLite there is one file per run
and an index of all runs; when Dagster deletes a run, it leaves the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from uuid import UUID

from dagster import DagsterInstance
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.runs import SqlRunStorage
from sqlalchemy import bindparam, text

from taxi_assets.automation.run_heartbeat import key_of

NEWEST_CHECKS = text(
    "SELECT run_id FROM asset_check_executions WHERE id IN"
    " (SELECT max(id) FROM asset_check_executions GROUP BY asset_key, check_name, partition)"
)
DELETE_CHECKS = text("DELETE FROM asset_check_executions WHERE run_id = :run")
DELETE_EVENTS = text("DELETE FROM event_logs WHERE run_id = :run AND id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
DELETE_HEARTBEAT = text("DELETE FROM kvs WHERE key = :key")
TABLES = (
    "event_logs",
    "asset_check_executions",
    "asset_event_tags",
    "asset_keys",
    "runs",
    "run_tags",
    "snapshots",
    "job_ticks",
    "kvs",
)
"""The tables of Dagster that grow."""
SIZE = text("SELECT sum(pg_total_relation_size(to_regclass(name))) FROM unnest(:tables) AS name")
LOGS = {".out", ".err", ".complete", ".partial"}
"""The file name extensions of captured logs."""
WORTH_A_VACUUM = 0.2
"""The share of a file that must be free for a VACUUM, which rewrites the file while other writers wait."""
VACUUM_SECONDS = 30.0
"""How long a VACUUM waits for other processes; Dagster waits as long."""


class HistoryStorage:
    """The storage of an instance's events, check results and captured logs. Raises TypeError if it is not in SQL."""

    def __init__(self, instance: DagsterInstance) -> None:
        storage = instance.event_log_storage
        if not isinstance(storage, SqlEventLogStorage):
            raise TypeError(f"{type(storage).__name__} does not store events in SQL")
        self._events = storage
        self._runs = instance.run_storage
        self._logs = instance.compute_log_manager

    @property
    def folder(self) -> Path | None:
        """The folder of SQLite's files of runs and events, beside that of ticks; None for Postgres."""
        if not isinstance(self._events, SqliteEventLogStorage):
            return None
        return Path(self._events.path_for_shard("index")).parent.parent

    @property
    def log_folder(self) -> Path | None:
        """The folder of the captured logs of runs and ticks; None if they are not on this machine."""
        if not isinstance(self._logs, LocalComputeLogManager):
            return None
        return Path(self._logs.get_captured_local_path(["any"], "out")).parent

    def size(self) -> int:
        """The bytes of everything that runs and ticks leave behind, except captured logs in a bucket."""
        files = [*_logs(self.log_folder)] if self.log_folder else []
        if self.folder is None:
            return _bytes(files) + self._size_of_tables()
        return _bytes([*files, *self.folder.rglob("*.db*"), *self.folder.parent.glob("schedules/*.db*")])

    def runs_of_newest_checks(self) -> set[str]:
        """The ids of the runs of the newest result of each check in each partition."""
        with self._events.index_connection() as connection:
            return {run for (run,) in connection.execute(NEWEST_CHECKS) if run}

    def delete_events(self, run_id: str, numbers: Sequence[int]) -> None:
        """Deletes events of a run by their storage ids. Not for events that SQLite also has in its index, and keeps."""
        with self._events.run_connection(run_id) as connection:
            connection.execute(DELETE_EVENTS, {"run": run_id, "ids": numbers})

    def delete_checks(self, run_id: str) -> None:
        """Deletes a run's check results, which DagsterInstance.delete_run leaves."""
        with self._events.index_connection() as connection:
            connection.execute(DELETE_CHECKS, {"run": run_id})

    def delete_heartbeat(self, run_id: str) -> None:
        """Deletes a run's heartbeat, for which Dagster's table of keys and values has no method."""
        if isinstance(self._runs, SqlRunStorage):
            with self._runs.connect() as connection:
                connection.execute(DELETE_HEARTBEAT, {"key": key_of(run_id)})

    def delete_file(self, run_id: str) -> None:
        """Deletes the SQLite file of a deleted run, if there is one."""
        if path := self.file(run_id):
            for each in path.parent.glob(f"{path.name}*"):
                each.unlink(missing_ok=True)

    def file(self, run_id: str) -> Path | None:
        """The SQLite file of a run; None for Postgres."""
        return Path(self._events.path_for_shard(run_id)) if isinstance(self._events, SqliteEventLogStorage) else None

    def files_of_runs(self) -> Iterator[tuple[str, Path]]:
        """The SQLite files of runs with their run ids, those of deleted runs too; none for Postgres."""
        for path in self.folder.glob("runs/*.db") if self.folder else ():
            if _is_uuid(path.stem):
                yield path.stem, path

    def common_files(self) -> list[Path]:
        """The SQLite files that all runs share: the index of events, the runs, the ticks; none for Postgres."""
        if self.folder is None:
            return []
        return [self.folder / "runs/index.db", self.folder / "runs.db", self.folder.parent / "schedules/schedules.db"]

    def _size_of_tables(self) -> int:
        with self._events.index_connection() as connection:
            return int(connection.execute(SIZE, {"tables": [*TABLES]}).scalar() or 0)


def vacuum(path: Path) -> bool:
    """Shrinks a SQLite file if enough of it is free; False if other processes kept it locked.

    Readers go on reading the old content meanwhile; writers wait.
    """
    with closing(sqlite3.connect(path, timeout=VACUUM_SECONDS, isolation_level=None)) as connection:
        [(pages,)] = connection.execute("PRAGMA page_count")
        [(free,)] = connection.execute("PRAGMA freelist_count")
        if free < pages * WORTH_A_VACUUM:
            return True
        try:
            connection.execute("VACUUM")
        except sqlite3.OperationalError:
            return False
    return True


def delete_old_logs(folder: Path, before: float) -> int:
    """Deletes the captured logs below a folder that were last written before a time (seconds since 1970), and folders
    left empty; returns the number of logs deleted.
    """
    old = [path for path in _logs(folder) if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    above = {parent for path in old for parent in path.parents if folder in parent.parents}
    for parent in sorted(above, reverse=True):
        if not any(parent.iterdir()):
            parent.rmdir()
    return len(old)


def _logs(folder: Path) -> Iterator[Path]:
    """The captured logs below a folder, by their extensions: a default instance keeps outputs of assets there too."""
    return (path for path in folder.rglob("*") if path.suffix in LOGS and path.is_file())


def _bytes(files: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in files)


def _is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
