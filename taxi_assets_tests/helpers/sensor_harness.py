"""A publication sensor that ticks when a test says so, and the runs that it asks for."""

from __future__ import annotations

from dataclasses import dataclass

from dagster import DagsterInstance, Definitions, RunRequest, build_sensor_context

from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.dagster_internals import SensorExecutionData


@dataclass
class SensorHarness:
    """The sensor of green trips. `cursor` is what it remembers from tick to tick."""

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

    def wanted(self) -> list[Month]:
        return [Month.parse(request.partition_key or "") for request in self.tick().run_requests or []]

    def reason(self) -> str:
        made = self.tick()
        assert not made.run_requests
        return made.skip_message or ""

    def run(self, request: RunRequest) -> bool:
        """Runs what was asked for, as the daemon would."""
        job = self.definitions.resolve_job_def("green_trips")
        tags = {**request.tags, "dagster/run_key": request.run_key or ""}
        result = job.execute_in_process(
            partition_key=request.partition_key,
            tags=tags,
            instance=self.instance,
            raise_on_error=False,
            asset_selection=request.asset_selection,
        )
        return result.success

    def run_all(self) -> list[RunRequest]:
        requests = [*(self.tick().run_requests or [])]
        for request in requests:
            assert self.run(request)
        return requests

    def load(self, month: Month) -> None:
        """Runs a month by hand, without the sensor."""
        assert self.run(RunRequest(partition_key=month.key))
