"""The names of Dagster that are not public and that tests cannot do without, each imported here and nowhere else.

They are the types of what public functions return (a tick, what a sensor or a schedule made of it), for annotations and
for the states in them; and what a history with ticks in it is built of, which no public function writes. A new Dagster
that moves one of them breaks this file.
"""

from dagster._core.asset_graph_view.asset_graph_view import AssetGraphView
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.definitions.schedule_definition import ScheduleExecutionData
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, InstigatorTick, TickData, TickStatus
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

__all__ = [
    "AssetGraphView",
    "CheckRunHealthResult",
    "InProcessCodeLocationOrigin",
    "InstigatorState",
    "InstigatorStatus",
    "InstigatorTick",
    "InstigatorType",
    "LoadableTargetOrigin",
    "RemoteInstigatorOrigin",
    "RemoteJobOrigin",
    "RemoteRepositoryOrigin",
    "ScheduleExecutionData",
    "SensorExecutionData",
    "TickData",
    "TickStatus",
    "WorkerStatus",
]
