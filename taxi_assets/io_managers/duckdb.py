"""Months in the local warehouse, a DuckDB file with the tables that BigQuery would have."""

import json
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

from dagster import MetadataValue

from taxi_assets.destinations.descriptions import descriptions_of
from taxi_assets.destinations.duckdb.file import DuckDBFile
from taxi_assets.destinations.duckdb.table import DuckDBTable
from taxi_assets.destinations.duckdb.zones import DuckDBZones
from taxi_assets.io_managers.base import TableIOManager
from taxi_assets.metadata.places import shell_quoted
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.transform.month_file import MonthFiles


class DuckDBWarehouse(TableIOManager):
    """Keeps months in a schema of the database file."""

    database: str
    schema_name: str
    storage_kind: ClassVar[str] = "duckdb"

    def open_store(self, dataset: Dataset, run_id: str = "") -> AbstractContextManager[DuckDBTable]:
        descriptions = descriptions_of(dataset)
        return nullcontext(DuckDBTable(Path(self.database), self.schema_name, dataset.table, descriptions))

    def open_zones(self) -> AbstractContextManager[DuckDBZones]:
        return nullcontext(DuckDBZones(DuckDBFile(Path(self.database)), self.schema_name))

    def table_name(self, dataset: Dataset) -> str:
        return f"{Path(self.database).stem}.{self.schema_name}.{dataset.table}"

    def month_query(self, dataset: Dataset, month: Month) -> str:
        return f"FROM {self.schema_name}.{dataset.table} WHERE trip_month = '{month.key}'"

    def more_metadata(self, store: Any, dataset: Dataset, month: Month, files: MonthFiles) -> Mapping[str, Any]:
        return {"database": MetadataValue.path(self.database)}

    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        query = f"from {self.schema_name}.{dataset.table} limit 5"
        look = f"duckdb.connect({json.dumps(self.database)}, read_only=True).sql({json.dumps(query)}).show()"
        return f"{shell_quoted(sys.executable)} -c {shell_quoted(f'import duckdb; {look}')}"
