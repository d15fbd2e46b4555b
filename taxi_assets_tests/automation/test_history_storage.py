"""SQLite files of a history, made smaller while others use them; test_housekeeping.py holds the rest of the storage."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from dagster import DagsterInstance

from taxi_assets.automation import history_storage
from taxi_assets.automation.history_storage import HistoryStorage, vacuum
from taxi_assets.automation.run_heartbeat import Heartbeat


def test_a_file_of_sqlite_is_made_smaller_under_a_reader_who_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer, closing(sqlite3.connect(path)) as reader:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE events (value INTEGER PRIMARY KEY, event BLOB)")
        writer.executemany("INSERT INTO events VALUES (?, zeroblob(1000))", ((value,) for value in range(1, 2001)))
        writer.execute("DELETE FROM events WHERE value > 10")
        open_query = reader.execute("SELECT value FROM events")
        assert open_query.fetchone() == (1,)
        assert vacuum(path)
        assert len(open_query.fetchall()) == 9
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size < 100_000


def test_a_file_that_others_keep_locked_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_storage, "VACUUM_SECONDS", 0.1)
    path = tmp_path / "index.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("CREATE TABLE events (event BLOB)")
        writer.executemany("INSERT INTO events VALUES (zeroblob(1000))", [()] * 2000)
        writer.execute("DELETE FROM events")
        size = path.stat().st_size
        writer.execute("BEGIN IMMEDIATE")
        assert not vacuum(path)
        writer.execute("ROLLBACK")
        assert path.stat().st_size == size
        assert vacuum(path)
    assert path.stat().st_size < size / 10


def test_the_heartbeat_of_a_run_is_deleted_and_others_stay(tmp_path: Path) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        for run in ("old", "new"):
            Heartbeat("here", 1).save(instance, run)
        HistoryStorage(instance).delete_heartbeat("old")
        assert [Heartbeat.of(instance, run) for run in ("old", "new")] == [None, Heartbeat("here", 1)]
