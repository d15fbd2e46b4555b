"""Checks of the clean month: that no published row is lost, and that the month looks like a usual one."""

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
from taxi_assets.model.months import Month
from taxi_assets.model.published_rows import known_until, published_rows
from taxi_assets.model.zones import ZONES
from taxi_assets.partitions import month_of_run
from taxi_assets.transform.first_rows import REMEDY, describe, first_rows_of
from taxi_assets.transform.month_file import MonthFile, MonthFiles

USUAL_VOLUME = (0.5, 2.0)
"""How many times the rows of the month before or after it a month may have without a warning; April 2020 warns."""


def every_row_is_accounted_for(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **on(dataset, CLEAN_TRIPS),
        blocking=True,
        description="The rows of the published file are all here: raw = clean + quarantined + duplicates, counted in "
        "the files that hold them.",
    )
    def every_row_is_accounted_for(clean_trips: MonthFiles) -> AssetCheckResult:
        raw = int(clean_trips.clean.facts["raw_rows"])
        duplicates = int(clean_trips.clean.facts["duplicate_rows"])
        quarantined = clean_trips.quarantine.rows - duplicates
        counts = {"raw": raw, "clean": clean_trips.clean.rows, "quarantined": quarantined, "duplicates": duplicates}
        first_rows = first_rows_of(clean_trips.clean.facts)
        try_out = "" if first_rows is None else f"{describe(first_rows)} "
        return AssetCheckResult(
            passed=raw == clean_trips.clean.rows + quarantined + duplicates,
            description=f"{try_out}Rows: {', '.join(f'{name} {count:,}' for name, count in counts.items())}.",
            metadata=counts,
        )

    return every_row_is_accounted_for


def rows_as_published(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **on(dataset, CLEAN_TRIPS),
        description="The whole file was loaded, not a try-out, and it has as many rows as the publisher's file was "
        "known to have, where a count is known. Warns otherwise: the publisher may have replaced the file since.",
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
        return AssetCheckResult(
            passed=known in (None, raw),
            severity=AssetCheckSeverity.WARN,
            description=f"{raw:,} rows; {_expected(known, known_until(publisher, dataset), month, publisher)}.",
            metadata={"raw": raw} if known is None else {"raw": raw, "known": known},
        )

    return rows_as_published


def _expected(known: int | None, until: Month | None, month: Month, publisher: str) -> str:
    if known is not None:
        return f"{known:,} are known from {publisher}"
    if until is not None and month > until:
        return f"how many there should be is not known yet: counts from {publisher} end with {until}"
    return "no count is known to compare with"


def no_unknown_columns(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **on(dataset, CLEAN_TRIPS),
        description="All columns of the file are described in model/columns.py. A column that is not is kept all the "
        "same, with a warning.",
    )
    def no_unknown_columns(clean_trips: MonthFile) -> AssetCheckResult:
        unknown = clean_trips.facts["unknown_columns"]
        return AssetCheckResult(
            passed=not unknown,
            severity=AssetCheckSeverity.WARN,
            description=f"New: {unknown}. Describe it in model/columns.py." if unknown else "All columns are known.",
        )

    return no_unknown_columns


def zones_are_known(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(**on(dataset, CLEAN_TRIPS), blocking=True, description="The taxi zones of clean rows are among TLC's.")
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
        description="The month has between half and twice as many rows as the months before and after it, where those "
        "are loaded.",
    )
    def volume_is_usual(
        context: AssetCheckExecutionContext, lake: ResourceParam[Lake], clean_trips: MonthFile
    ) -> AssetCheckResult:
        if first_rows_of(clean_trips.facts) is not None:
            return AssetCheckResult(passed=True, description="A try-out is not compared with other months.")
        month = month_of_run(context)
        paths = {str(month + step): lake.clean_file(dataset, month + step) for step in (-1, 1)}
        files = {name: MonthFile.local(path) for name, path in paths.items() if path.exists()}
        months = {name: file.rows for name, file in files.items() if first_rows_of(file.facts) is None}
        ratios = {name: clean_trips.rows / count for name, count in months.items() if count}
        return AssetCheckResult(
            passed=all(USUAL_VOLUME[0] <= ratio <= USUAL_VOLUME[1] for ratio in ratios.values()),
            severity=AssetCheckSeverity.WARN,
            description=_ratios(ratios),
        )

    return volume_is_usual


def _ratios(ratios: Mapping[str, float]) -> str:
    return (
        "; ".join(f"{ratio:.2f} times {name}" for name, ratio in ratios.items())
        or "The months before and after it are not loaded."
    )
