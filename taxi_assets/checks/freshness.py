"""How fresh the tables should be: a policy on where months go, and a daily look whether the newest month is there.

The policy sees that something was loaded lately, be it an old month; the look asks the publisher which is the newest.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    AssetSpec,
    DefaultScheduleStatus,
    Failure,
    FreshnessPolicy,
    ResourceParam,
    ScheduleDefinition,
    asset_check,
    define_asset_job,
    map_asset_specs,
)

from taxi_assets.assets.common import OWNER, RETRIES, tags
from taxi_assets.automation.run_requests import months_until
from taxi_assets.errors import RETRY_HINTS, TaxiError
from taxi_assets.io_managers.base import TableIOManager
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.publishers.file_version import Sighting
from taxi_assets.resources.publisher import TripPublisher

if TYPE_CHECKING:
    # Dagster does not export the type that define_asset_job returns.
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

CHECK = "latest_published_month_is_present"
DESTINATIONS = {"gcs_parquet", "bq_table", "postgres_table", "daily_trips"}
"""The assets that people read."""
POLICY = FreshnessPolicy.time_window(warn_window=timedelta(days=45), fail_window=timedelta(days=80))
"""From one publication to the next TLC let 41 days pass as a rule, and 75 at most (months 2022-06 to 2024-05)."""
RECENT_MONTHS = 6
"""TLC was never later than 105 days; a publisher without any of these has ended, or moved."""


def kept_fresh(assets: Iterable[AssetsDefinition]) -> Sequence[AssetsDefinition | AssetSpec]:
    """The assets, with the policy on the places that months go to."""

    def with_policy(spec: AssetSpec) -> AssetSpec:
        return spec.replace_attributes(freshness_policy=POLICY) if spec.key.path[-1] in DESTINATIONS else spec

    return map_asset_specs(with_policy, assets)


def published_months(dataset: Dataset) -> AssetSpec:
    """The publisher's files as an asset that others make: what the check is a check of.

    On one of ours it would be part of every run of that asset, and a backfill of 200 months ask 200 times.
    """
    return AssetSpec(
        _key(dataset),
        group_name="published",
        owners=[OWNER],
        tags=tags("raw", dataset),
        kinds={"file"},
        description=f"The months of {dataset.title.lower()} trips that the publisher has. Not made here: its check, "
        f"run by {dataset.name}_freshness, asks for the newest and looks for it in the tables.",
    )


def freshness_check(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        asset=_key(dataset),
        name=CHECK,
        retry_policy=RETRIES,
        description="The newest month that the publisher has is in the warehouse and in Postgres.",
    )
    def latest_published_month_is_present(
        publisher: TripPublisher, warehouse: ResourceParam[TableIOManager], postgres: ResourceParam[TableIOManager]
    ) -> AssetCheckResult:
        source = publisher.brief()
        places = {"the warehouse": warehouse, "Postgres": postgres}
        recent = months_until(dataset)[-RECENT_MONTHS:]
        try:
            found = newest(recent, lambda month: source.sight(dataset, month))
            if found is None:
                return _warning(f"The publisher has none of the months from {recent[0]} to {recent[-1]}.")
            month, sighting = found
            lacking = [place for place, tables in places.items() if not tables.count(dataset, month)]
        except TaxiError as error:
            text = f"{dataset.name}, {CHECK}: {error} {RETRY_HINTS[error.retry]}"
            raise Failure(text, allow_retries=error.retry) from error
        if lacking:
            advice = f"Run {dataset.name}_trips for {month}, or turn on its sensor."
            return _warning(f"{month} is published, and not in {' nor in '.join(lacking)}. {advice}", sighting.url)
        return AssetCheckResult(
            passed=True,
            description=f"{month} is the newest that is published, and it is in {' and in '.join(places)}.",
            metadata={"url": sighting.url},
        )

    return latest_published_month_is_present


def newest(months: Sequence[Month], sight: Callable[[Month], Sighting | None]) -> tuple[Month, Sighting] | None:
    """The last of the months, in order of time, that is seen; asks for no more months than it takes."""
    seen = ((month, sight(month)) for month in reversed(months))
    return next(((month, sighting) for month, sighting in seen if sighting is not None), None)


def freshness_job(dataset: Dataset) -> "UnresolvedAssetJobDefinition":
    """`yellow_freshness`, …: the check alone."""
    return define_asset_job(
        f"{dataset.name}_freshness",
        selection=AssetSelection.checks(AssetCheckKey(_key(dataset), CHECK)),
        description=f"Whether the newest published month of {dataset.title.lower()} trips is in the tables.",
    )


def freshness_schedule(dataset: Dataset) -> ScheduleDefinition:
    """Looks once a day; stopped until somebody turns it on."""
    return ScheduleDefinition(
        name=f"{dataset.name}_freshness_daily",
        job_name=f"{dataset.name}_freshness",
        cron_schedule="0 7 * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.STOPPED,
        description="Every day at 07:00 UTC, whether the newest published month is in the tables; warns if not.",
    )


def _key(dataset: Dataset) -> AssetKey:
    return AssetKey([dataset.name, "published_months"])


def _warning(text: str, url: str = "") -> AssetCheckResult:
    return AssetCheckResult(
        passed=False,
        severity=AssetCheckSeverity.WARN,
        description=text,
        metadata={"url": url} if url else {},
    )
