"""The monthly schedule asks for the newest month, late enough for it to be published."""

from __future__ import annotations

from datetime import UTC, datetime

from dagster import DagsterInstance, RunRequest, build_schedule_context

from taxi_assets.build import build_definitions
from taxi_assets.settings import Settings


def test_a_tick_requests_the_month_that_ended_55_days_before(settings: Settings) -> None:
    repository = build_definitions(settings).get_repository_def()
    schedule = repository.get_schedule_def("green_trips_monthly")
    with DagsterInstance.ephemeral() as instance:
        tick = build_schedule_context(
            instance=instance,
            scheduled_execution_time=datetime(2026, 11, 25, 6, tzinfo=UTC),
            repository_def=repository,
        )
        requests = schedule.evaluate_tick(tick).run_requests
    assert requests is not None
    assert [request.partition_key for request in requests if isinstance(request, RunRequest)] == ["2026-09-01"]
