"""Checks of the clean month: that nothing of the published file is lost, and that it is like a month."""

from collections.abc import Mapping

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    ResourceParam,
    asset_check,
)

from taxi_assets.asset_keys import CLEAN_TRIPS
from taxi_assets.checks.common import on
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.published_rows import published_rows
from taxi_assets.model.zones import ZONES
from taxi_assets.partitions import month_of_run
from taxi_assets.transform.first_rows import REMEDY, describe, first_rows_of
from taxi_assets.transform.month_file import MonthFile, MonthFiles

USUAL_VOLUME = (0.5, 2.0)
"""A month with fewer or more rows than its neighbour times these is worth a look; April 2020 is one."""


def every_row_is_accounted_for(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **on(dataset, CLEAN_TRIPS),
        blocking=True,
        description="Published rows = clean + quarantined + duplicates, counted in the files that hold them.",
    )
    def every_row_is_accounted_for(clean_trips: MonthFiles) -> AssetCheckResult:
        raw = int(clean_trips.clean.facts["raw_rows"])
        duplicates = int(clean_trips.clean.facts["duplicate_rows"])
        quarantined = clean_trips.quarantine.rows - duplicates
        counts = {"raw": raw, "clean": clean_trips.clean.rows, "quarantined": quarantined, "duplicates": duplicates}
        first_rows = first_rows_of(clean_trips.clean.facts)
        said = [] if first_rows is None else [describe(first_rows), "Of these:"]
        return AssetCheckResult(
            passed=raw == clean_trips.clean.rows + quarantined + duplicates,
            description=" ".join([*said, *(f"{name} {count:,}" for name, count in counts.items())]),
            metadata=counts,
        )

    return every_row_is_accounted_for


def rows_as_published(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **on(dataset, CLEAN_TRIPS),
        description="All rows of the file, not a try-out; and as many as the publisher is known to have published, "
        "where that is known. It may have replaced the file since.",
    )
    def rows_as_published(
        context: AssetCheckExecutionContext, lake: ResourceParam[Lake], clean_trips: MonthFile
    ) -> AssetCheckResult:
        first_rows = first_rows_of(clean_trips.facts)
        if first_rows is not None:
            return AssetCheckResult(
                passed=False, severity=AssetCheckSeverity.WARN, description=f"{describe(first_rows)} {REMEDY}"
            )
        month = month_of_run(context)
        publication = lake.publication(dataset, month)
        publisher = publication.publication if publication else ""
        known = published_rows(publisher, dataset, month)
        raw = int(clean_trips.facts["raw_rows"])
        said = f"{known:,} are known of {publisher}" if known is not None else "no count is known"
        return AssetCheckResult(
            passed=known in (None, raw),
            severity=AssetCheckSeverity.WARN,
            description=f"{raw:,} rows; {said}.",
            metadata={"raw": raw} if known is None else {"raw": raw, "known": known},
        )

    return rows_as_published


def no_unknown_columns(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **on(dataset, CLEAN_TRIPS),
        description="The file has no column that nobody has described; one that it has is carried along all the same.",
    )
    def no_unknown_columns(clean_trips: MonthFile) -> AssetCheckResult:
        unknown = clean_trips.facts["unknown_columns"]
        return AssetCheckResult(
            passed=not unknown,
            severity=AssetCheckSeverity.WARN,
            description=f"New: {unknown}. Describe it in columns.py." if unknown else "All columns are known.",
        )

    return no_unknown_columns


def zones_are_known(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(**on(dataset, CLEAN_TRIPS), blocking=True, description="Taxi zones of clean rows are among TLC's 265.")
    def zones_are_known(clean_trips: MonthFile) -> AssetCheckResult:
        ends = [clean_trips.bounds(f"{end}_location_id") for end in ("pickup", "dropoff")]
        found = [bound for bounds in ends if bounds is not None for bound in bounds]
        return AssetCheckResult(
            passed=all(ZONES[0] <= zone <= ZONES[1] for zone in found),
            description=f"Zones {min(found)} to {max(found)}." if found else "No zones in this month.",
        )

    return zones_are_known


def volume_is_usual(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **on(dataset, CLEAN_TRIPS),
        description="Not less than half and not more than twice the rows of the months beside it, where they are here.",
    )
    def volume_is_usual(
        context: AssetCheckExecutionContext, lake: ResourceParam[Lake], clean_trips: MonthFile
    ) -> AssetCheckResult:
        if first_rows_of(clean_trips.facts) is not None:
            return AssetCheckResult(passed=True, description="A try-out, which is not compared with months.")
        month = month_of_run(context)
        paths = {str(month + step): lake.clean_file(dataset, month + step) for step in (-1, 1)}
        neighbours = {name: MonthFile.local(path) for name, path in paths.items() if path.exists()}
        months = {name: file.rows for name, file in neighbours.items() if first_rows_of(file.facts) is None}
        ratios = {name: clean_trips.rows / count for name, count in months.items() if count}
        return AssetCheckResult(
            passed=all(USUAL_VOLUME[0] <= ratio <= USUAL_VOLUME[1] for ratio in ratios.values()),
            severity=AssetCheckSeverity.WARN,
            description=_ratios(ratios),
        )

    return volume_is_usual


def _ratios(ratios: Mapping[str, float]) -> str:
    return "; ".join(f"{ratio:.2f} times {name}" for name, ratio in ratios.items()) or "No neighbour is here."
