"""Declarative automation: what is made of a month's tables is made again when they change, in old months too."""

from __future__ import annotations

from dagster import (
    AssetSelection,
    AutomationConditionSensorDefinition,
    DefaultSensorStatus,
)

from taxi_assets.asset_keys import DAILY_TRIPS, TRIPS_WITH_ZONES, key_of
from taxi_assets.model.datasets import DATASETS

MARTS = (DAILY_TRIPS, TRIPS_WITH_ZONES)
"""The assets that have a condition."""
SECONDS = 60
"""A tick evaluates every month of every mart: a third of a second of CPU time."""


def marts_sensor(interval_seconds: int = SECONDS) -> AutomationConditionSensorDefinition:
    """Looks every minute, tests more often, for months of marts to make again; off until somebody turns it on."""
    return AutomationConditionSensorDefinition(
        "marts_follow_tables",
        target=AssetSelection.assets(*(key_of(dataset, mart) for dataset in DATASETS.values() for mart in MARTS)),
        default_status=DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=min(interval_seconds, SECONDS),
        description="Makes daily_trips and trips_with_zones of a month again when the month was loaded anew without "
        "them, however old it is; and daily_trips of every loaded month when TLC changes the zone lookup.",
    )
