"""The assets of each dataset: what there is to be had of a month, one file each."""

from __future__ import annotations

from dagster import AssetsDefinition

from taxi_assets.assets.bq_table import bq_table
from taxi_assets.assets.clean_trips import clean_trips
from taxi_assets.assets.gcs_parquet import gcs_parquet
from taxi_assets.assets.postgres_table import postgres_table
from taxi_assets.assets.raw_trips import raw_trips
from taxi_assets.datasets import Dataset


def assets_of(dataset: Dataset) -> list[AssetsDefinition]:
    """The path of a dataset's month: raw_trips, clean_trips, gcs_parquet, bq_table, and postgres_table."""
    return [make(dataset) for make in (raw_trips, clean_trips, gcs_parquet, bq_table, postgres_table)]
