"""clean_trips: the month's rows in canonical columns, each clean or in quarantine."""

from dagster import AssetExecutionContext, AssetsDefinition, Config, asset
from pydantic import Field

from taxi_assets.assets.common import common
from taxi_assets.cleaning import CleanedMonth
from taxi_assets.datasets import Dataset
from taxi_assets.io_managers.base import explained
from taxi_assets.metadata import column_metadata
from taxi_assets.partitions import month_of
from taxi_assets.reading import read_month
from taxi_assets.rules import Profile
from taxi_assets.stores.lake import Publication


class Cleaning(Config):
    """Run config of clean_trips: by which rules the month is cleaned."""

    profile: Profile = Field(
        Profile.DEFAULT,
        description="default; strict: only plausible trips; tutorial: the default and no trips with 0 passengers.",
    )


def clean_trips(dataset: Dataset) -> AssetsDefinition:
    @asset(
        **common(dataset),
        io_manager_key="clean_parquet",
        kinds={"parquet", "arrow"},
        metadata=column_metadata(dataset.columns),
        description=f"{dataset.title} trips in one schema for all years. Rows that break a rule lie in quarantine with "
        "their reasons, so that raw = clean + quarantined.",
    )
    def clean_trips(context: AssetExecutionContext, config: Cleaning, raw_trips: Publication) -> CleanedMonth:
        with explained(context):
            stream = read_month(raw_trips.path, raw_trips.format, dataset.published_columns)
        if stream.unknown:
            context.log.warning(f"Columns nobody has described yet are carried along: {', '.join(stream.unknown)}")
        return CleanedMonth(dataset, month_of(context), raw_trips.name, stream, config.profile)

    return clean_trips
