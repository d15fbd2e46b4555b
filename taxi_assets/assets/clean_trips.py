"""clean_trips: the month's rows in canonical columns, each clean or in quarantine."""

from enum import Enum

from dagster import AssetExecutionContext, AssetsDefinition, Config, Output, asset
from pydantic import Field

from taxi_assets.assets.common import common, warn_of_try_out
from taxi_assets.failures import failures_named
from taxi_assets.metadata.columns import column_metadata, new_columns
from taxi_assets.metadata.contents import try_out_metadata
from taxi_assets.metadata.lineage import of_published
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.publication import Publication
from taxi_assets.partitions import month_of
from taxi_assets.transform.cleaning import CleanedMonth
from taxi_assets.transform.first_rows import mark, take_first
from taxi_assets.transform.reading import read_month
from taxi_assets.transform.rules import QUARANTINED_SHARE, Profile


class ProfileName(Enum):
    """What run config calls the profiles: Dagster takes an enum's members by their names."""

    default = Profile.DEFAULT
    strict = Profile.STRICT
    tutorial = Profile.TUTORIAL


# Dagster's message for a wrong value names the type but not what it should be.
ProfileName.__name__ = f"profile ({', '.join(name.name for name in ProfileName)})"


class Cleaning(Config):
    """Run config of clean_trips: by which rules the month is cleaned, and how much of it."""

    profile: ProfileName = Field(
        ProfileName.default,
        description="default; strict: only plausible trips; tutorial: the default and no trips with 0 passengers.",
    )
    first_rows: int | None = Field(
        None,
        description="A try-out with the first rows of the file, 1 or more, in place of the month; everything made from "
        "it says so. Leave it out for the whole month.",
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
        description=f"{dataset.title} trips in one schema for all years. Rows that break a rule lie in quarantine with "
        "their reasons: raw = clean + quarantined + duplicates.",
    )
    def clean_trips(context: AssetExecutionContext, config: Cleaning, raw_trips: Publication) -> Output[CleanedMonth]:
        with failures_named(context):
            whole = read_month(raw_trips.path, raw_trips.format, dataset.published_columns)
            stream = take_first(whole, config.first_rows)
        if stream.unknown:
            context.log.warning(f"Columns nobody has described yet are carried along: {', '.join(stream.unknown)}")
        warn_of_try_out(context, stream.first_rows)
        source_file = mark(raw_trips.name, stream.first_rows)
        scratch = raw_trips.path.parent
        month = CleanedMonth(
            dataset,
            month_of(context),
            source_file,
            stream,
            config.profile.value,
            scratch,
            raw_trips.publisher,
            config.max_quarantined_share,
        )
        return Output(
            month,
            metadata={
                "publisher": month.publisher,
                "profile": month.profile.value,
                **try_out_metadata(stream.first_rows),
                **new_columns(dataset, month.schema, stream.published),
                **of_published(dataset, stream.published),
            },
        )

    return clean_trips
