"""The assets, one file each: what is made of each month of a dataset, and the zone lookup that all datasets share."""

from __future__ import annotations

from dagster import AssetsDefinition

from taxi_assets.assets.bq_table import bq_table
from taxi_assets.assets.clean_trips import clean_trips
from taxi_assets.assets.common import StorageKinds
from taxi_assets.assets.daily_trips import daily_trips
from taxi_assets.assets.gcs_parquet import gcs_parquet
from taxi_assets.assets.postgres_table import postgres_table
from taxi_assets.assets.raw_trips import raw_trips
from taxi_assets.assets.taxi_zones import taxi_zones
from taxi_assets.assets.trips_with_zones import trips_with_zones
from taxi_assets.model.datasets import Dataset

__all__ = ["StorageKinds", "assets_of", "taxi_zones"]


def assets_of(dataset: Dataset, storage: StorageKinds) -> list[AssetsDefinition]:
    """The assets of a dataset, from the published file to the tables and what is made from them."""
    return [
        raw_trips(dataset),
        clean_trips(dataset),
        gcs_parquet(dataset, storage),
        bq_table(dataset, storage),
        postgres_table(dataset),
        trips_with_zones(dataset, storage),
        daily_trips(dataset, storage),
    ]
