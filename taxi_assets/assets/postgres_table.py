"""postgres_table: the month in Postgres."""

from dagster import AssetExecutionContext, AssetsDefinition, Output, asset

from taxi_assets.asset_keys import CLEAN_TRIPS
from taxi_assets.assets.common import common, pass_through
from taxi_assets.metadata.columns import column_metadata
from taxi_assets.model.datasets import Dataset
from taxi_assets.transform.month_file import MonthFiles


def postgres_table(dataset: Dataset) -> AssetsDefinition:
    @asset(
        **common(dataset, "table"),
        io_manager_key="postgres",
        kinds={"postgres"},
        metadata=column_metadata(dataset.columns),
        description=f"The month in the Postgres table {dataset.table}, as a partition of its own. Loading a month "
        "swaps the whole partition: readers see the old month or the new one, never a part.",
    )
    def postgres_table(context: AssetExecutionContext, clean_trips: MonthFiles) -> Output[MonthFiles]:
        return pass_through(context, CLEAN_TRIPS, clean_trips)

    return postgres_table
