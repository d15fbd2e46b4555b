"""The names and keys of the assets, and the names of the jobs that make them, spelled once."""

from __future__ import annotations

from typing import Final

from dagster import AssetKey

from taxi_assets.model.datasets import Dataset

RAW_TRIPS: Final = "raw_trips"
CLEAN_TRIPS: Final = "clean_trips"
GCS_PARQUET: Final = "gcs_parquet"
BQ_TABLE: Final = "bq_table"
POSTGRES_TABLE: Final = "postgres_table"
TRIPS_WITH_ZONES: Final = "trips_with_zones"
DAILY_TRIPS: Final = "daily_trips"
TRIP_ASSETS: Final = (
    RAW_TRIPS,
    CLEAN_TRIPS,
    GCS_PARQUET,
    BQ_TABLE,
    POSTGRES_TABLE,
    TRIPS_WITH_ZONES,
    DAILY_TRIPS,
)
"""The assets that a run makes for a month of a dataset, upstream first."""
PUBLISHED_MONTHS: Final = "published_months"
"""The publisher's files: an external asset."""
TAXI_ZONES: Final = AssetKey("taxi_zones")
"""The zone lookup, shared by all datasets."""
TRIPS_JOB: Final = "_trips"
"""What the name of a dataset is followed by in the name of its job."""


def job_name(dataset: Dataset) -> str:
    """The name of the job that loads a month of the dataset: `yellow_trips`."""
    return f"{dataset.name}{TRIPS_JOB}"


def key_of(dataset: Dataset, name: str) -> AssetKey:
    """The key of a dataset's asset: `yellow/raw_trips`."""
    return AssetKey([dataset.name, name])


def keys_of(dataset: Dataset) -> list[AssetKey]:
    """The keys of a dataset's assets, upstream first."""
    return [key_of(dataset, name) for name in TRIP_ASSETS]
