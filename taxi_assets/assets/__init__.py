"""The assets: what there is to be had of a dataset's month, and the zones of all; one file each."""

from __future__ import annotations

from dagster import AssetsDefinition

from taxi_assets.assets.bq_table import bq_table
from taxi_assets.assets.clean_trips import clean_trips
from taxi_assets.assets.daily_trips import daily_trips
from taxi_assets.assets.gcs_parquet import gcs_parquet
from taxi_assets.assets.postgres_table import postgres_table
from taxi_assets.assets.raw_trips import raw_trips
from taxi_assets.assets.taxi_zones import taxi_zones
from taxi_assets.assets.trips_with_zones import trips_with_zones
from taxi_assets.model.datasets import Dataset

__all__ = ["assets_of", "taxi_zones"]

MAKERS = (raw_trips, clean_trips, gcs_parquet, bq_table, postgres_table, trips_with_zones, daily_trips)


def assets_of(dataset: Dataset) -> list[AssetsDefinition]:
    """The path of a dataset's month, from the published file to the tables and what is made of them."""
    return [make(dataset) for make in MAKERS]
