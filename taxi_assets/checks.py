"""Asset checks of each month: that no row is unaccounted for, and that every copy of the month is the same.

Those that must hold are blocking: what comes after them in the run does not happen. The others warn.
"""

import warnings
from collections.abc import Mapping
from typing import Any, TypedDict

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetIn,
    AssetKey,
    PartitionsDefinition,
    PreviewWarning,
    asset_check,
)

from taxi_assets.checksums import Checksums
from taxi_assets.daily import differences, in_all
from taxi_assets.datasets import Dataset
from taxi_assets.partitions import month_of_run, months_of
from taxi_assets.published_rows import published_rows
from taxi_assets.resources.lake import LakeFolder
from taxi_assets.rules import ZONES
from taxi_assets.stores.parquet import MonthFile, MonthFiles
from taxi_assets.stores.warehouse_month import WarehouseMonth
from taxi_assets.tryout import REMEDY, described, first_rows_of

# Checks by month are what makes a month's own result visible; that Dagster calls them a preview is known.
warnings.filterwarnings("ignore", "Specifying a partitions_def on an AssetCheckSpec", PreviewWarning)

USUAL_VOLUME = (0.5, 2.0)
"""A month with fewer or more rows than its neighbour times these is worth a look; April 2020 is one."""


class _Common(TypedDict):
    asset: AssetKey
    partitions_def: PartitionsDefinition[str]


def _on(dataset: Dataset, name: str) -> _Common:
    return {"asset": AssetKey([dataset.name, name]), "partitions_def": months_of(dataset)}


def checks_of(dataset: Dataset) -> list[AssetChecksDefinition]:
    """The checks of a dataset's assets."""
    return [
        _every_row_is_accounted_for(dataset),
        _rows_as_published(dataset),
        _no_unknown_columns(dataset),
        _zones_are_known(dataset),
        _volume_is_usual(dataset),
        *(_equals_clean(dataset, name) for name in ("gcs_parquet", "bq_table", "postgres_table")),
        _adds_up(dataset),
    ]


def _every_row_is_accounted_for(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **_on(dataset, "clean_trips"),
        blocking=True,
        description="Published rows = clean + quarantined + duplicates, counted in the files that hold them.",
    )
    def every_row_is_accounted_for(clean_trips: MonthFiles) -> AssetCheckResult:
        raw = int(clean_trips.clean.facts["raw_rows"])
        duplicates = int(clean_trips.clean.facts["duplicate_rows"])
        quarantined = clean_trips.quarantine.rows - duplicates
        counts = {"raw": raw, "clean": clean_trips.clean.rows, "quarantined": quarantined, "duplicates": duplicates}
        first_rows = first_rows_of(clean_trips.clean.facts)
        said = [] if first_rows is None else [described(first_rows), "Of these:"]
        return AssetCheckResult(
            passed=raw == clean_trips.clean.rows + quarantined + duplicates,
            description=" ".join([*said, *(f"{name} {count:,}" for name, count in counts.items())]),
            metadata=counts,
        )

    return every_row_is_accounted_for


def _rows_as_published(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **_on(dataset, "clean_trips"),
        description="All rows of the file, not a try-out; and as many as the publisher is known to have published, "
        "where that is known. It may have replaced the file since.",
    )
    def rows_as_published(
        context: AssetCheckExecutionContext, lake: LakeFolder, clean_trips: MonthFile
    ) -> AssetCheckResult:
        first_rows = first_rows_of(clean_trips.facts)
        if first_rows is not None:
            return AssetCheckResult(
                passed=False, severity=AssetCheckSeverity.WARN, description=f"{described(first_rows)} {REMEDY}"
            )
        month = month_of_run(context)
        publication = lake.lake.publication(dataset, month)
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


def _no_unknown_columns(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **_on(dataset, "clean_trips"),
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


def _zones_are_known(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **_on(dataset, "clean_trips"), blocking=True, description="Taxi zones of clean rows are among TLC's 265."
    )
    def zones_are_known(clean_trips: MonthFile) -> AssetCheckResult:
        ends = [clean_trips.bounds(f"{end}_location_id") for end in ("pickup", "dropoff")]
        found = [bound for bounds in ends if bounds is not None for bound in bounds]
        return AssetCheckResult(
            passed=all(ZONES[0] <= zone <= ZONES[1] for zone in found),
            description=f"Zones {min(found)} to {max(found)}." if found else "No zones in this month.",
        )

    return zones_are_known


def _volume_is_usual(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **_on(dataset, "clean_trips"),
        description="Not less than half and not more than twice the rows of the months beside it, where they are here.",
    )
    def volume_is_usual(
        context: AssetCheckExecutionContext, lake: LakeFolder, clean_trips: MonthFile
    ) -> AssetCheckResult:
        if first_rows_of(clean_trips.facts) is not None:
            return AssetCheckResult(passed=True, description="A try-out, which is not compared with months.")
        month = month_of_run(context)
        paths = {str(month + step): lake.lake.clean_file(dataset, month + step) for step in (-1, 1)}
        neighbours = {name: MonthFile.local(path) for name, path in paths.items() if path.exists()}
        months = {name: file.rows for name, file in neighbours.items() if first_rows_of(file.facts) is None}
        ratios = {name: clean_trips.rows / count for name, count in months.items() if count}
        return AssetCheckResult(
            passed=all(USUAL_VOLUME[0] <= ratio <= USUAL_VOLUME[1] for ratio in ratios.values()),
            severity=AssetCheckSeverity.WARN,
            description=_ratios(ratios),
        )

    return volume_is_usual


def _equals_clean(dataset: Dataset, name: str) -> AssetChecksDefinition:
    clean = AssetKey([dataset.name, "clean_trips"])

    @asset_check(
        **_on(dataset, name),
        name="equals_clean_trips",
        blocking=True,
        additional_ins={"clean": AssetIn(clean)},
        description="The same rows as clean_trips: their number, and of each column the nulls and a checksum.",
    )
    def equals_clean_trips(copy: Checksums, clean: Checksums) -> AssetCheckResult:
        differences = clean.differences(copy)
        return AssetCheckResult(
            passed=not differences,
            description="; ".join(differences) if differences else f"{clean.rows:,} rows agree in every column.",
            metadata={"rows": copy.rows},
        )

    return equals_clean_trips


def _adds_up(dataset: Dataset) -> AssetChecksDefinition:
    @asset_check(
        **_on(dataset, "daily_trips"),
        blocking=True,
        additional_ins={"table": AssetIn(AssetKey([dataset.name, "bq_table"]))},
        description="The days of the month add up to its trips in bq_table: their number, and every sum exactly.",
    )
    def adds_up_to_bq_table(
        table: WarehouseMonth,
        daily_trips: Any,  # noqa: ANN401 a pandas.DataFrame, which is not imported to say so
    ) -> AssetCheckResult:
        found = differences(daily_trips, table.query(in_all(dataset)))
        return AssetCheckResult(
            passed=not found,
            description="; ".join(found) if found else f"{int(daily_trips['trips'].sum()):,} trips by day.",
            metadata={"rows": len(daily_trips)},
        )

    return adds_up_to_bq_table


def _ratios(ratios: Mapping[str, float]) -> str:
    return "; ".join(f"{ratio:.2f} times {name}" for name, ratio in ratios.items()) or "No neighbour is here."
