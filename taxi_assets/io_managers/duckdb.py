"""Months in the local warehouse, a DuckDB file with the tables that BigQuery would have."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dagster import MetadataValue, OutputContext

from taxi_assets.destinations.duckdb.file import DuckDBFile
from taxi_assets.destinations.duckdb.table import DuckDBTable
from taxi_assets.destinations.duckdb.zones import DuckDBZones
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.io_managers.base import TableIOManager, wrong_type
from taxi_assets.io_managers.loading import is_frame
from taxi_assets.metadata.places import table_metadata
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.zones import Zone
from taxi_assets.transform.checksums import Checksums
from taxi_assets.transform.month_file import MonthFiles


class DuckDBWarehouse(TableIOManager):
    """Loads a month's Parquet file into the dataset's table; gives a month back as `pandas.DataFrame`."""

    database: str
    schema_name: str

    def write(self, dataset: Dataset, month: Month, value: MonthFiles, context: OutputContext) -> Mapping[str, Any]:
        table = self.table(dataset)
        rows = table.replace_month(month, value.clean, value.quarantine)
        name = f"{Path(self.database).stem}.{self.schema_name}.{dataset.table}"
        query = f"FROM {self.schema_name}.{dataset.table} WHERE trip_month = '{month.key}'"
        facts = table_metadata("duckdb", name, rows, value.clean.size, query)
        return {**facts, "database": MetadataValue.path(self.database)}

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        if is_frame(wanted):
            return self.table(dataset).frame(month)
        if wanted is Checksums:
            return self.table(dataset).checksums(month)
        if wanted is WarehouseMonth:
            return self.table(dataset).month(month)
        raise wrong_type(wanted, "pandas.DataFrame, Checksums or WarehouseMonth")

    def count(self, dataset: Dataset, month: Month) -> int:
        return self.table(dataset).count(month)

    def source_file(self, dataset: Dataset, month: Month) -> str | None:
        return self.table(dataset).source_file(month)

    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        look = (
            f'duckdb.connect("{self.database}", read_only=True).sql("from {self.schema_name}.{dataset.table} limit 5")'
        )
        return f"{sys.executable} -c 'import duckdb; {look}.show()'"

    def zones(self) -> Sequence[Zone]:
        return self._zones().rows()

    def replace_zones(self, zones: Sequence[Zone]) -> str:
        return self._zones().replace(zones)

    def join_zones(self, dataset: Dataset) -> str:
        return self._zones().join(dataset.table)

    def _zones(self) -> DuckDBZones:
        return DuckDBZones(DuckDBFile(Path(self.database)), self.schema_name)

    def table(self, dataset: Dataset) -> DuckDBTable:
        docs = {column.name: column.description for column in dataset.columns}
        return DuckDBTable(Path(self.database), self.schema_name, dataset.table, docs)
