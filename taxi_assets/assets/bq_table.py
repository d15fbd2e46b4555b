"""bq_table: the month in the warehouse, loaded from the bucket."""

from dagster import AssetExecutionContext, AssetsDefinition, Output, asset

from taxi_assets.asset_keys import GCS_PARQUET
from taxi_assets.assets.common import StorageKinds, common, pass_through
from taxi_assets.metadata.columns import column_metadata
from taxi_assets.model.datasets import Dataset
from taxi_assets.transform.month_file import MonthFiles


def bq_table(dataset: Dataset, storage: StorageKinds) -> AssetsDefinition:
    @asset(
        **common(dataset, "table"),
        io_manager_key="warehouse",
        kinds={storage.warehouse},
        metadata=column_metadata(dataset.columns),
        description=f"The month in the warehouse's table {dataset.table}: a partition of a BigQuery table or, where no "
        "BigQuery dataset is set, rows of a table in a local DuckDB file. Loading a month replaces it as a whole.",
    )
    def bq_table(context: AssetExecutionContext, gcs_parquet: MonthFiles) -> Output[MonthFiles]:
        return pass_through(context, GCS_PARQUET, gcs_parquet)

    return bq_table
