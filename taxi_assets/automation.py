"""Declarative automation: what is made of a month's tables is made again when they change, in old months too."""

from __future__ import annotations

from dagster import (
    AssetCheckKey,
    AssetKey,
    AssetSelection,
    AutomationCondition,
    AutomationConditionSensorDefinition,
    DefaultSensorStatus,
)

from taxi_assets.datasets import DATASETS, Dataset

MARTS = ("daily_trips", "trips_with_zones")
"""The assets that have a condition."""
SECONDS = 30


def when_changed(dataset: Dataset, *tables: str, lookup: str | None = None) -> AutomationCondition[AssetKey]:
    """True of a month that was loaded into one of the tables by a run that did not make the mart as well.

    Not before all the tables have the month, their blocking checks passed and no run is at work on it, in two ticks
    running. Given a `lookup`, also true of every month when the lookup's content changes; that it was made again says
    nothing, for every month's run makes it. Months that lie in the tables when the sensor is turned on are left as they
    are.
    """
    inputs = AssetSelection.assets(*(AssetKey([dataset.name, table]) for table in tables))
    changed: AutomationCondition[AssetKey | AssetCheckKey] = AutomationCondition.any_deps_updated().allow(inputs)
    if lookup is not None:
        content_changed = AutomationCondition.any_deps_match(AutomationCondition.data_version_changed())
        changed |= content_changed.allow(AssetSelection.assets(lookup))
    due = (
        # Once, over both: two of the kind in one condition would share what they remember, and forget each other's.
        changed.since_last_handled()
        & ~AutomationCondition.any_deps_missing().allow(inputs)
        & ~AutomationCondition.any_deps_in_progress().allow(inputs)
        & ~AutomationCondition.in_progress()
        & AutomationCondition.all_deps_blocking_checks_passed().allow(inputs)
    )
    # A tick reads what was made first and which runs are in progress last. A run that makes the mart and ends in
    # between seems to have left it out; the next tick sees that it has not.
    return due & ~due.newly_true()


def marts_sensor(interval_seconds: int = SECONDS) -> AutomationConditionSensorDefinition:
    """Looks every half minute, tests more often, for months of marts to make again; off until somebody turns it on."""
    return AutomationConditionSensorDefinition(
        "marts_follow_tables",
        target=AssetSelection.assets(*(AssetKey([name, mart]) for name in DATASETS for mart in MARTS)),
        default_status=DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=min(interval_seconds, SECONDS),
        description="Makes daily_trips and trips_with_zones of a month again when the month was loaded anew without "
        "them, however old it is; and daily_trips of every loaded month when TLC changes the zone lookup.",
    )
