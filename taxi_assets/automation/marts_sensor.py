"""The sensor that makes marts again when the tables they are made from have changed, in old months too."""

from __future__ import annotations

from dagster import (
    AssetSelection,
    AutomationConditionSensorDefinition,
    DefaultSensorStatus,
)

from taxi_assets.asset_keys import DAILY_TRIPS, TRIPS_WITH_ZONES, key_of
from taxi_assets.model.datasets import DATASETS

MARTS = (DAILY_TRIPS, TRIPS_WITH_ZONES)
"""The assets that have an automation condition."""
INTERVAL_SECONDS = 60
"""A tick evaluates every month of every mart, which takes a third of a second of CPU time."""


def marts_sensor(interval_seconds: int = INTERVAL_SECONDS) -> AutomationConditionSensorDefinition:
    """`marts_follow_tables`: evaluates the conditions of the marts every minute, or more often if told so.

    Stopped until somebody turns it on.
    """
    return AutomationConditionSensorDefinition(
        "marts_follow_tables",
        target=AssetSelection.assets(*(key_of(dataset, mart) for dataset in DATASETS.values() for mart in MARTS)),
        default_status=DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=min(interval_seconds, INTERVAL_SECONDS),
        description="Makes daily_trips and trips_with_zones of a month again, however old it is, when its tables were "
        "loaded again without them; and daily_trips of every loaded month when TLC changes the zone lookup.",
    )
