"""The schedules request the newest month when it is published; otherwise they skip, say why, and never fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dagster import DagsterInstance, DefaultScheduleStatus, build_schedule_context

from taxi_assets.build import build_definitions
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.dagster_internals import ScheduleExecutionData
from taxi_assets_tests.helpers.published_files import Folder
from taxi_assets_tests.servers.publisher import PublisherServer

pytestmark = pytest.mark.slow

AT = datetime(2026, 11, 25, 6, tzinfo=UTC)
NEWEST = Month(2026, 9)
"""It ended 55 days before AT."""
BOTH = pytest.mark.parametrize("name", ["green_trips_monthly", "green_trips_hourly"])


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.at(tmp_path / "site")


@pytest.fixture
def server(folder: Folder) -> Iterator[PublisherServer]:
    with PublisherServer(folder.root) as running:
        yield running


@pytest.fixture
def published(settings: Settings, server: PublisherServer) -> Settings:
    """Settings with that publisher."""
    return replace(settings, publisher=server.url)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    """A history on disk, because schedules open it by its path."""
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def tick(settings: Settings, instance: DagsterInstance, name: str) -> ScheduleExecutionData:
    repository = build_definitions(settings).get_repository_def()
    with build_schedule_context(
        instance=instance,
        scheduled_execution_time=AT,
        repository_def=repository,
        resources={"publisher": repository.get_top_level_resources()["publisher"]},
    ) as context:
        return repository.get_schedule_def(name).evaluate_tick(context)


def requested_keys(settings: Settings, instance: DagsterInstance, name: str) -> list[str | None]:
    return [request.partition_key for request in tick(settings, instance, name).run_requests or []]


def reason(settings: Settings, instance: DagsterInstance, name: str) -> str:
    made = tick(settings, instance, name)
    assert not made.run_requests
    return made.skip_message or ""


def load(settings: Settings, instance: DagsterInstance, month: Month) -> None:
    job = build_definitions(settings).resolve_job_def("green_trips")
    assert job.execute_in_process(partition_key=month.key, instance=instance).success


def test_each_dataset_has_a_monthly_and_an_hourly_one_stopped_until_turned_on(settings: Settings) -> None:
    schedules = build_definitions(settings).get_repository_def().schedule_defs
    schedules = [
        schedule for schedule in schedules if schedule.job_name in {f"{dataset}_trips" for dataset in DATASETS}
    ]
    expected = {("monthly", "0 6 25 * *"), ("hourly", "0 * * * *")}
    assert {(schedule.name, schedule.cron_schedule) for schedule in schedules} == {
        (f"{dataset}_trips_{name}", cron) for dataset in DATASETS for name, cron in expected
    }
    assert {schedule.default_status for schedule in schedules} == {DefaultScheduleStatus.STOPPED}
    assert {schedule.execution_timezone for schedule in schedules} == {"UTC"}


@BOTH
def test_the_newest_month_is_asked_for_once_it_is_published(
    published: Settings, instance: DagsterInstance, folder: Folder, name: str
) -> None:
    folder.publish("green", NEWEST, rows=300)
    folder.publish("green", NEWEST + -1, rows=300)
    folder.publish("green", NEWEST + 1, rows=300)
    assert requested_keys(published, instance, name) == [NEWEST.key]


@BOTH
def test_the_sample_publisher_has_the_newest_month_at_once(
    settings: Settings, instance: DagsterInstance, name: str
) -> None:
    assert requested_keys(settings, instance, name) == [NEWEST.key]


@BOTH
def test_an_unpublished_month_is_a_skip_that_says_so(published: Settings, instance: DagsterInstance, name: str) -> None:
    assert reason(published, instance, name) == f"Looked at 1 month; 1 not published yet ({NEWEST})"


@BOTH
def test_a_month_that_is_here_is_a_skip_until_it_is_replaced(
    published: Settings, instance: DagsterInstance, folder: Folder, name: str
) -> None:
    folder.publish("green", NEWEST, rows=300)
    load(published, instance, NEWEST)
    assert reason(published, instance, name) == f"Looked at 1 month; 1 unchanged ({NEWEST})"
    folder.publish("green", NEWEST, rows=301)
    assert requested_keys(published, instance, name) == [NEWEST.key]


@BOTH
def test_a_publisher_that_refuses_us_is_a_skip_that_says_so_however_often(
    published: Settings, instance: DagsterInstance, server: PublisherServer, name: str
) -> None:
    server.block()
    for _ in range(4):
        assert "refuses us" in reason(published, instance, name)


@BOTH
def test_a_publisher_that_cannot_be_reached_is_a_skip_that_says_so(
    settings: Settings, instance: DagsterInstance, name: str
) -> None:
    nobody = replace(settings, publisher="http://127.0.0.1:1")
    assert "cannot be reached" in reason(nobody, instance, name)


@BOTH
def test_a_month_that_was_published_after_its_own_tick_comes_with_the_next(
    published: Settings, instance: DagsterInstance, folder: Folder, name: str
) -> None:
    folder.publish("green", NEWEST + -2, rows=300)
    load(published, instance, NEWEST + -2)
    folder.publish("green", NEWEST + -1, rows=300)
    assert requested_keys(published, instance, name) == [(NEWEST + -1).key]
