"""gcs_parquet: the clean month in the bucket."""

from dagster import AssetsDefinition, asset

from taxi_assets.assets.common import common
from taxi_assets.datasets import Dataset
from taxi_assets.metadata import column_metadata
from taxi_assets.stores.parquet import MonthFiles


def gcs_parquet(dataset: Dataset) -> AssetsDefinition:
    @asset(
        **common(dataset),
        io_manager_key="bucket",
        kinds={"parquet", "gcs"},
        metadata=column_metadata(dataset.columns),
        description=f"The clean month of {dataset.title.lower()} trips as a Parquet object in the bucket, or in the "
        "folder that stands in for it.",
    )
    def gcs_parquet(clean_trips: MonthFiles) -> MonthFiles:
        return clean_trips

    return gcs_parquet
