"""Months in the local warehouse, a DuckDB file with the tables that BigQuery would have."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster import OutputContext

from taxi_assets.checksums import Checksums
from taxi_assets.datasets import Dataset
from taxi_assets.io_managers.base import MonthIOManager, wrong_type
from taxi_assets.io_managers.parquet import is_frame
from taxi_assets.metadata import table_metadata
from taxi_assets.months import Month
from taxi_assets.stores.duckdb import DuckDBTable
from taxi_assets.stores.parquet import MonthFiles


class DuckDBWarehouse(MonthIOManager):
    """Loads a month's Parquet file into the dataset's table; gives a month back as `pandas.DataFrame`."""

    database: str
    schema_name: str

    def write(self, dataset: Dataset, month: Month, value: MonthFiles, context: OutputContext) -> Mapping[str, Any]:
        table = self.table(dataset)
        rows = table.replace_month(month, value.clean, value.quarantine)
        return {**table_metadata(f"{self.schema_name}.{dataset.table}", rows), "database": self.database}

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        if is_frame(wanted):
            return self.table(dataset).frame(month)
        if wanted is Checksums:
            return self.table(dataset).checksums(month)
        raise wrong_type(wanted, "pandas.DataFrame or Checksums")

    def count(self, dataset: Dataset, month: Month) -> int:
        return self.table(dataset).count(month)

    def look(self, dataset: Dataset, month: Month) -> str:
        look = (
            f'duckdb.connect("{self.database}", read_only=True).sql("from {self.schema_name}.{dataset.table} limit 5")'
        )
        return f"{sys.executable} -c 'import duckdb; {look}.show()'"

    def table(self, dataset: Dataset) -> DuckDBTable:
        docs = {column.name: column.description for column in dataset.columns}
        return DuckDBTable(Path(self.database), self.schema_name, dataset.table, docs)
