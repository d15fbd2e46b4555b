"""Small pandas DataFrames in the warehouse, by Dagster's own IO managers.

These delete a month and then insert it, so that a month that is run again has one copy. In DuckDB that is one
transaction; in BigQuery a reader in between sees no rows. They import pandas, so each is made when it is first used.
"""

import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from dagster import ConfigurableIOManager, InputContext, IOManager, OutputContext
from pydantic import Field

from taxi_assets.failures import failures_named, title_of
from taxi_assets.progress import report_progress


class FrameTables(ConfigurableIOManager):
    """Passes DataFrames on to Dagster's IO manager, which reads its settings from this resource."""

    @abstractmethod
    def dagster_io_manager(self) -> IOManager:
        """The IO manager that does the work."""

    def lock(self) -> AbstractContextManager[None]:
        """Keeps others from the warehouse while Dagster's IO manager works, where that is needed."""
        return nullcontext()

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        started = time.monotonic()
        with failures_named(context), report_progress(context.log.info, title_of(context)), self.lock():
            self.dagster_io_manager().handle_output(context, obj)
        context.add_output_metadata({"seconds": round(time.monotonic() - started, 3)})
        context.log.info(f"{' '.join(context.asset_key.path)}: {len(obj):,} rows")

    def load_input(self, context: InputContext) -> Any:
        with failures_named(context), report_progress(context.log.info, title_of(context)), self.lock():
            return self.dagster_io_manager().load_input(context)


class DuckDBFrames(FrameTables):
    """DataFrames in the DuckDB file, by DuckDBPandasIOManager in one transaction, while the file is locked for it."""

    database: str
    schema_name: str
    connection_config: dict[str, Any] = Field(
        default={}, description="DuckDB's settings, which Dagster's IO manager reads."
    )

    def dagster_io_manager(self) -> IOManager:
        from taxi_assets.io_managers.duckdb_frames import DuckDBTransactionFrames  # noqa: PLC0415 imports pandas

        return DuckDBTransactionFrames(database=self.database, schema=self.schema_name).create_io_manager(None)

    @contextmanager
    def lock(self) -> Iterator[None]:
        from taxi_assets.destinations.duckdb.file import DuckDBFile

        file = DuckDBFile(Path(self.database))
        with file.locked():
            # Dagster's IO manager would try a file that cannot be opened eleven times, and not say what to do.
            file.check()
            yield


class BigQueryFrames(FrameTables):
    """DataFrames in BigQuery, by BigQueryPandasIOManager with our own handler for loads and reads."""

    project: str
    dataset: str
    location: str

    def dagster_io_manager(self) -> IOManager:
        from taxi_assets.io_managers.bigquery_frames import BigQueryParquetFrames

        return BigQueryParquetFrames(project=self.project, dataset=self.dataset).create_io_manager(None)
