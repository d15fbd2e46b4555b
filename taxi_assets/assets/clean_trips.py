"""clean_trips: the month's rows in one schema for all years, each either clean or in quarantine."""

from typing import Literal

from dagster import AssetExecutionContext, AssetsDefinition, Config, Output, asset
from pydantic import Field

from taxi_assets.assets.common import common, warn_of_try_out
from taxi_assets.failures import failures_named
from taxi_assets.metadata.columns import column_metadata, new_columns
from taxi_assets.metadata.contents import trips_metadata
from taxi_assets.metadata.lineage import of_published
from taxi_assets.metadata.recorded import LoadedTrips
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.publication import Publication
from taxi_assets.partitions import month_of
from taxi_assets.transform.cleaning import CleanedMonth
from taxi_assets.transform.first_rows import mark, take_first
from taxi_assets.transform.reading import read_month
from taxi_assets.transform.rules import QUARANTINED_SHARE, Profile

ProfileName = Literal["default", "strict", "tutorial"]
"""The profiles as run config spells them: Dagster refuses any other value, and names these."""


class CleaningConfig(Config):
    """Run config of clean_trips: by which rules to clean the month, and how much of it to load."""

    profile: ProfileName = Field(
        "default",
        description="The rules that trips must meet. default; strict: only plausible trips; tutorial: as default, and "
        "no trips with 0 passengers.",
    )
    first_rows: int | None = Field(
        None,
        description="Loads only so many of the file's first rows, 1 or more, as a try-out; everything made from it is "
        "marked as one. Leave it out to load the whole month.",
    )

    max_quarantined_share: float = Field(
        QUARANTINED_SHARE,
        ge=0,
        le=1,
        description="How much of the month one reason may send to quarantine before the month is refused, from 0 to 1.",
    )


def clean_trips(dataset: Dataset) -> AssetsDefinition:
    @asset(
        **common(dataset, "clean"),
        io_manager_key="clean_parquet",
        kinds={"parquet", "arrow"},
        metadata=column_metadata(dataset.columns),
        description=f"{dataset.title} trips in one schema for all years. Rows that break a rule are kept in quarantine "
        "with their reasons, so that raw = clean + quarantined + duplicates.",
    )
    def clean_trips(
        context: AssetExecutionContext, config: CleaningConfig, raw_trips: Publication
    ) -> Output[CleanedMonth]:
        with failures_named(context):
            whole = read_month(raw_trips.path, raw_trips.format, dataset.published_columns)
            stream = take_first(whole, config.first_rows)
        if stream.unknown:
            context.log.warning(f"Columns that are not described yet are kept as they are: {', '.join(stream.unknown)}")
        warn_of_try_out(context, stream.first_rows)
        source_file = mark(raw_trips.name, stream.first_rows)
        scratch = raw_trips.path.parent
        month = CleanedMonth(
            dataset,
            month_of(context),
            source_file,
            stream,
            Profile(config.profile),
            scratch,
            raw_trips.publisher,
            config.max_quarantined_share,
            raw_trips.path,
        )
        return Output(
            month,
            metadata={
                **trips_metadata(LoadedTrips(month.publisher, first_rows=stream.first_rows)),
                "profile": month.profile.value,
                **new_columns(dataset, month.schema, stream.published),
                **of_published(dataset, stream.published),
            },
        )

    return clean_trips
