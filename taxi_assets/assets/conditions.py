"""Declarative automation: when a month of a mart is to be made again."""

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
    """True of a month that was loaded into one of the tables by a run that did not make the mart as well.

    Not before all the tables have the month, their blocking checks passed and no run is at work on it. Given a
    `lookup`, also true of every month when the lookup's content changes; that it was made again says nothing, for every
    month's run makes it. Months that lie in the tables when the sensor is turned on are left as they are.

    Dagster knows what a run is to make by its asset selection, which a whole job has only where it was asked for with
    one, as ours are. Of any other, a tick that reads the tables before the run makes the mart, and the runs in progress
    after it has ended, asks for the mart once more.
    """
    inputs = AssetSelection.assets(*(key_of(dataset, table) for table in tables))
    complete = ~AutomationCondition.any_deps_missing().allow(inputs)
    changed: AutomationCondition[Any] = AutomationCondition.any_deps_updated().allow(inputs)
    if lookup is not None:
        content_changed = AutomationCondition.any_deps_match(AutomationCondition.data_version_changed())
        # Of a month that is not here yet it would be remembered until its first load, which needs no second one.
        changed |= content_changed.allow(AssetSelection.assets(lookup)) & complete
    return (
        # Once, over both: two of the kind in one condition would share what they remember, and forget each other's.
        changed.since_last_handled()
        & complete
        & ~AutomationCondition.any_deps_in_progress().allow(inputs)
        & ~AutomationCondition.in_progress()
        & AutomationCondition.all_deps_blocking_checks_passed().allow(inputs)
    )
