"""Declarative automation: the condition under which a month of a mart is made again."""

from __future__ import annotations

from typing import Any

from dagster import (
    AssetKey,
    AssetSelection,
    AutomationCondition,
)

from taxi_assets.asset_keys import key_of
from taxi_assets.model.datasets import Dataset


def when_changed(dataset: Dataset, *tables: str, lookup: AssetKey | None = None) -> AutomationCondition[AssetKey]:
    """True for a month that was loaded into one of the tables by a run that did not make the mart as well.

    It waits until all the tables have the month, their blocking checks passed and no run is working on it. Given a
    `lookup`, it is also true for every month when the content of the lookup changes; a mere rerun of the lookup does
    not count, because every month's run makes it. Months that were in the tables before the sensor was turned on are
    left alone.

    Dagster knows what a run is going to make by its asset selection. Our sensors and schedules always give one. A run
    of a whole job has none: a tick that reads the tables before such a run makes the mart, and the runs in progress
    after it has ended, requests the mart once more.
    """
    inputs = AssetSelection.assets(*(key_of(dataset, table) for table in tables))
    complete = ~AutomationCondition.any_deps_missing().allow(inputs)
    changed: AutomationCondition[Any] = AutomationCondition.any_deps_updated().allow(inputs)
    if lookup is not None:
        content_changed = AutomationCondition.any_deps_match(AutomationCondition.data_version_changed())
        # Without `complete`, a month not loaded yet would remember the change and be made twice when it is loaded.
        changed |= content_changed.allow(AssetSelection.assets(lookup)) & complete
    return (
        # Once, over both: two since_last_handled() in one condition share their state and would reset each other.
        changed.since_last_handled()
        & complete
        & ~AutomationCondition.any_deps_in_progress().allow(inputs)
        & ~AutomationCondition.in_progress()
        & AutomationCondition.all_deps_blocking_checks_passed().allow(inputs)
    )
