"""Drives a publication sensor in tests: evaluates ticks, and runs what they request, as the daemon would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dagster import DagsterInstance, Definitions, RunRequest, build_sensor_context

from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.dagster_internals import SensorExecutionData


@dataclass
class SensorHarness:
    """The publication sensor of green trips, with its cursor kept from tick to tick."""

    settings: Settings
    definitions: Definitions
    instance: DagsterInstance
    cursor: str | None = None

    def tick(self) -> SensorExecutionData:
        repository = self.definitions.get_repository_def()
        with build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            repository_def=repository,
            resources={"publisher": repository.get_top_level_resources()["publisher"]},
        ) as context:
            made = repository.get_sensor_def("green_publications").evaluate_tick(context)
        self.cursor = made.cursor
        return made

    def requested_months(self) -> list[Month]:
        return [Month.parse(request.partition_key or "") for request in self.tick().run_requests or []]

    def reason(self) -> str:
        """Evaluates a tick that requests nothing; returns its skip reason."""
        made = self.tick()
        assert not made.run_requests
        return made.skip_message or ""

    def run(self, request: RunRequest) -> bool:
        """Runs the request, as the daemon would; returns whether the run succeeded."""
        job = self.definitions.resolve_job_def("green_trips")
        tags = {**request.tags, "dagster/run_key": request.run_key or ""}
        result = job.execute_in_process(
            partition_key=request.partition_key,
            run_config=request.run_config,
            tags=tags,
            instance=self.instance,
            raise_on_error=False,
            asset_selection=request.asset_selection,
        )
        return result.success

    def run_all(self) -> list[RunRequest]:
        """Evaluates a tick and runs all that it requests."""
        requests = [*(self.tick().run_requests or [])]
        for request in requests:
            assert self.run(request)
        return requests

    def load(self, month: Month, run_config: dict[str, Any] | None = None) -> None:
        """Loads a month by hand, without the sensor."""
        assert self.run(RunRequest(partition_key=month.key, run_config=run_config))
