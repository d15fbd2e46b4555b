"""The check that the newest month on the publisher's site is in the tables."""

from collections.abc import Callable, Sequence

from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    Failure,
    ResourceParam,
    asset_check,
)

from taxi_assets.asset_keys import PUBLISHED_MONTHS, key_of
from taxi_assets.errors import RETRY_HINTS, TaxiError
from taxi_assets.failures import RETRIES
from taxi_assets.io_managers.base import TableIOManager
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.partitions import RECENT_MONTHS, months_until
from taxi_assets.publishers.file_version import FileVersion
from taxi_assets.resources.publisher import TripPublisher

CHECK = "latest_published_month_is_present"


def freshness_check(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        asset=key_of(dataset, PUBLISHED_MONTHS),
        name=CHECK,
        retry_policy=RETRIES,
        description="The newest month on the publisher's site is in the warehouse and in Postgres.",
    )
    def latest_published_month_is_present(
        publisher: TripPublisher, warehouse: ResourceParam[TableIOManager], postgres: ResourceParam[TableIOManager]
    ) -> AssetCheckResult:
        source = publisher.brief()
        places = {"the warehouse": warehouse, "Postgres": postgres}
        recent = months_until(dataset)[-RECENT_MONTHS:]
        try:
            found = newest(recent, lambda month: source.probe(dataset, month))
            if found is None:
                return _warning(f"The publisher has none of the months from {recent[0]} to {recent[-1]}.")
            month, file = found
            lacking = [place for place, tables in places.items() if not tables.count(dataset, month)]
        except TaxiError as error:
            text = f"{dataset.name}, {CHECK}: {error} {RETRY_HINTS[error.retry]}"
            raise Failure(text, allow_retries=error.retry) from error
        if lacking:
            advice = f"Run {dataset.name}_trips for {month}, or turn on its sensor."
            return _warning(f"{month} is published, but not in {' or '.join(lacking)}. {advice}", file.url)
        return AssetCheckResult(
            passed=True,
            description=f"{month} is the newest published month, and it is in {' and '.join(places)}.",
            metadata={"url": file.url},
        )

    return latest_published_month_is_present


def newest(months: Sequence[Month], probe: Callable[[Month], FileVersion | None]) -> tuple[Month, FileVersion] | None:
    """The last of the months, in order of time, that has a file, with its file; probes no more months than it takes."""
    files = ((month, probe(month)) for month in reversed(months))
    return next(((month, file) for month, file in files if file is not None), None)


def _warning(text: str, url: str = "") -> AssetCheckResult:
    return AssetCheckResult(
        passed=False,
        severity=AssetCheckSeverity.WARN,
        description=text,
        metadata={"url": url} if url else {},
    )
