"""Dagster's pandas IO manager for DuckDB, with the delete and the insert of a month in one transaction.

It would commit the delete by itself: then a process that is killed between the two leaves the month empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb  # noqa: TID253 this module is imported where it is used
from dagster._core.storage.db_io_manager import DbIOManager
from dagster_duckdb.io_manager import DuckDbClient
from dagster_duckdb_pandas import DuckDBPandasIOManager  # noqa: TID253 the same


class DuckDBTransactionFrames(DuckDBPandasIOManager):
    """DuckDBPandasIOManager that replaces a month in one transaction."""

    def create_io_manager(self, context: Any) -> DbIOManager:
        return DbIOManager(
            type_handlers=self.type_handlers(),
            db_client=_OneTransaction(),
            database=self.database,
            schema=self.schema_,
            io_manager_name="DuckDBIOManager",
            default_load_type=self.default_load_type(),
        )


class _OneTransaction(DuckDbClient):
    """Commits when all is done; closes the connection, and so changes nothing, when something fails."""

    @staticmethod
    @contextmanager
    def connect(context: Any, table_slice: Any) -> Iterator[duckdb.DuckDBPyConnection]:
        with DuckDbClient.connect(context, table_slice) as connection, connection:
            connection.begin()
            yield connection
            connection.commit()
