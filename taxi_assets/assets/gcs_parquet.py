"""gcs_parquet: the clean month in the bucket."""

from dagster import AssetExecutionContext, AssetsDefinition, Output, asset

from taxi_assets.asset_keys import CLEAN_TRIPS
from taxi_assets.assets.common import StorageKinds, common, pass_through
from taxi_assets.metadata.columns import column_metadata
from taxi_assets.model.datasets import Dataset
from taxi_assets.transform.month_file import MonthFiles


def gcs_parquet(dataset: Dataset, storage: StorageKinds) -> AssetsDefinition:
    @asset(
        **common(dataset, "clean"),
        io_manager_key="bucket",
        kinds={"parquet", *([storage.bucket] if storage.bucket else [])},
        metadata=column_metadata(dataset.columns),
        description=f"The clean month of {dataset.title.lower()} trips as a Parquet object in the Cloud Storage bucket "
        "or, where no bucket is set, as a file in a local folder.",
    )
    def gcs_parquet(context: AssetExecutionContext, clean_trips: MonthFiles) -> Output[MonthFiles]:
        return pass_through(context, CLEAN_TRIPS, clean_trips)

    return gcs_parquet
