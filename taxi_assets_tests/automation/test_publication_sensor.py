"""What a publication sensor requests, and its skip reasons: months of a local publisher, loaded between ticks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus, DefaultSensorStatus

from taxi_assets.build import build_definitions
from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.published_files import Folder, recent
from taxi_assets_tests.helpers.run_month import rows
from taxi_assets_tests.helpers.sensor_harness import SensorHarness
from taxi_assets_tests.servers.publisher import PublisherServer

pytestmark = pytest.mark.slow

PUBLISHED, ANOTHER = recent("green", back=1), recent("green", back=2)
"""They are among the newest six months, and stay so when a month ends while the tests run."""
DAY = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.at(tmp_path / "site")


@pytest.fixture
def server(folder: Folder) -> Iterator[PublisherServer]:
    with PublisherServer(folder.root) as running:
        yield running


@contextmanager
def harness_at(settings: Settings, publisher: str) -> Iterator[SensorHarness]:
    settings = replace(settings, publisher=publisher)
    with DagsterInstance.ephemeral() as instance:
        yield SensorHarness(settings, build_definitions(settings), instance)


@pytest.fixture
def harness(settings: Settings, server: PublisherServer) -> Iterator[SensorHarness]:
    with harness_at(settings, server.url) as harness:
        yield harness


@pytest.fixture
def folder_harness(settings: Settings, folder: Folder) -> Iterator[SensorHarness]:
    """A sensor that reads the folder itself, where a file's date is part of its identity."""
    with harness_at(settings, folder.root.as_uri()) as harness:
        yield harness


def months(*which: Month) -> str:
    return ", ".join(map(str, which))


def newest_six() -> list[Month]:
    """The months that a sensor checks now, newest first; a month may end between two calls."""
    return [recent("green", back) for back in range(6)]


def test_there_is_one_for_each_dataset_hourly_and_stopped_until_turned_on(settings: Settings) -> None:
    sensors = build_definitions(settings).get_repository_def().sensor_defs
    found = {sensor.name: sensor for sensor in sensors if sensor.name.endswith("_publications")}
    assert set(found) == {f"{dataset}_publications" for dataset in DATASETS}
    assert {sensor.minimum_interval_seconds for sensor in found.values()} == {3600}
    assert {sensor.default_status for sensor in found.values()} == {DefaultSensorStatus.STOPPED}
    assert {sensor.job_name for sensor in found.values()} == {f"{dataset}_trips" for dataset in DATASETS}


def test_a_published_month_is_asked_for_and_no_other(harness: SensorHarness, folder: Folder) -> None:
    folder.publish("green", ANOTHER, rows=300)
    requests = harness.tick().run_requests or []
    assert [request.partition_key for request in requests] == [ANOTHER.key]
    [request] = requests
    assert request.tags["dagster/partition"] == ANOTHER.key
    assert {key.path[-1] for key in request.asset_selection or ()} >= {"raw_trips", "postgres_table", "daily_trips"}
    assert request.tags["taxi/dataset"] == "green"
    assert request.tags["taxi/why"] == "new"
    assert request.run_key == f"green:{ANOTHER}:{request.tags['taxi/file']}"


def test_nothing_published_is_a_skip_that_says_what_was_looked_at(
    harness: SensorHarness, server: PublisherServer
) -> None:
    before = newest_six()
    said = harness.reason().removeprefix("Looked at 6 months; 6 not published yet ")
    assert said in {f"({months(*six)})" for six in (before, newest_six())}
    controls = [request for request in server.requests() if "2023-01" in request.path]
    assert len(controls) == 1


def test_the_sample_publisher_has_the_newest_half_year_at_once(settings: Settings) -> None:
    with harness_at(settings, "sample") as harness:
        before = newest_six()
        assert harness.requested_months() in (before, newest_six())


def test_a_loaded_month_is_not_asked_for_again(harness: SensorHarness, folder: Folder) -> None:
    folder.publish("green", PUBLISHED, rows=300)
    assert len(harness.run_all()) == 1
    for _ in range(2):
        assert f"1 unchanged ({PUBLISHED}); 5 not published yet" in harness.reason()


def test_a_month_loaded_by_hand_is_not_asked_for(harness: SensorHarness, folder: Folder) -> None:
    folder.publish("green", PUBLISHED, rows=300)
    harness.load(PUBLISHED)
    assert f"1 unchanged ({PUBLISHED})" in harness.reason()
    folder.publish("green", PUBLISHED, rows=301)
    harness.load(PUBLISHED)
    assert f"1 unchanged ({PUBLISHED})" in harness.reason()


@pytest.mark.fault(13)
def test_a_replaced_month_is_asked_for_once_and_replaced_everywhere(harness: SensorHarness, folder: Folder) -> None:
    folder.publish("green", PUBLISHED, rows=300)
    harness.run_all()
    folder.publish("green", PUBLISHED, rows=400)
    [request] = harness.run_all()
    assert request.tags["taxi/why"] == "replaced by the publisher"
    assert rows(harness.settings, "green", str(PUBLISHED))["published"] == 400
    assert f"1 unchanged ({PUBLISHED})" in harness.reason()


def test_a_file_that_comes_back_is_asked_for_again_under_another_run_key(
    harness: SensorHarness, folder: Folder
) -> None:
    keys = set()
    for count in (300, 400, 300):
        folder.publish("green", PUBLISHED, rows=count)
        [request] = harness.run_all()
        keys.add(request.run_key)
        assert rows(harness.settings, "green", str(PUBLISHED))["published"] == count
    assert len(keys) == 3


def test_a_file_that_only_has_another_date_is_fetched_once_more_and_never_again(
    folder_harness: SensorHarness, folder: Folder
) -> None:
    folder.publish("green", PUBLISHED, rows=300)
    folder.touch("green", PUBLISHED, DAY[0])
    assert len(folder_harness.run_all()) == 1
    folder.touch("green", PUBLISHED, DAY[1])
    assert len(folder_harness.run_all()) == 1
    for day in (DAY[1], DAY[0], DAY[1]):
        folder.touch("green", PUBLISHED, day)
        assert "1 unchanged" in folder_harness.reason()


def test_a_fresh_container_with_an_empty_lake_does_not_load_everything_again(
    harness: SensorHarness, folder: Folder
) -> None:
    folder.publish("green", PUBLISHED, rows=300)
    harness.run_all()
    shutil.rmtree(harness.settings.home / "lake")
    harness.cursor = None
    assert "1 unchanged" in harness.reason()


def test_old_months_are_checked_in_turn_if_they_were_loaded(harness: SensorHarness, folder: Folder) -> None:
    old, older, never_loaded = recent("green", 20), recent("green", 30), recent("green", 25)
    for month in (old, older, never_loaded):
        folder.publish("green", month, rows=300)
    harness.load(old)
    harness.load(older)
    assert f"Looked at 8 months; 2 unchanged ({months(older, old)})" in harness.reason()
    folder.publish("green", old, rows=301)
    assert harness.requested_months() == [old]


@pytest.mark.parametrize("cursor", ["", "{", "[1]", '{"2021-01": "etag"}'])
def test_an_old_or_broken_cursor_does_no_harm(harness: SensorHarness, folder: Folder, cursor: str) -> None:
    harness.cursor = cursor
    folder.publish("green", PUBLISHED, rows=300)
    assert harness.requested_months() == [PUBLISHED]


# A publisher in trouble


def test_when_a_publisher_refuses_us_ticks_wait_and_then_fail_until_it_answers(
    harness: SensorHarness, folder: Folder, server: PublisherServer
) -> None:
    server.block()
    assert "refuses us" in harness.reason()
    assert "failed tick 2 in a row, from 3 on they are errors" in harness.reason()
    for _ in range(2):
        with pytest.raises(TaxiError, match="refuses us"):
            harness.tick()
    server.unblock()
    assert "6 not published yet" in harness.reason()
    server.block()
    assert "failed tick 1 in a row" in harness.reason()


def test_a_publisher_that_cannot_be_reached_is_one_in_trouble(harness: SensorHarness, server: PublisherServer) -> None:
    server.fail("", 503, times=999)
    assert "503" in harness.reason()
    assert "503" in harness.reason()
    with pytest.raises(TaxiError, match="503"):
        harness.tick()


def test_a_month_that_cannot_be_checked_does_not_keep_another_from_being_loaded(
    harness: SensorHarness, folder: Folder, server: PublisherServer
) -> None:
    folder.publish("green", ANOTHER, rows=300)
    server.fail(str(PUBLISHED), 503, times=999)
    for _ in range(4):
        assert harness.requested_months() == [ANOTHER]


# Runs


def test_a_month_that_a_run_is_at_work_on_is_left_to_it(harness: SensorHarness, folder: Folder) -> None:
    folder.publish("green", PUBLISHED, rows=300)
    job = harness.definitions.resolve_job_def("green_trips")
    tags = {"dagster/partition": PUBLISHED.key}
    harness.instance.create_run_for_job(job, status=DagsterRunStatus.STARTED, tags=tags)
    assert f"1 being loaded ({PUBLISHED})" in harness.reason()


def test_a_run_that_failed_is_tried_again_later_and_a_better_file_at_once(
    harness: SensorHarness, folder: Folder
) -> None:
    folder.path("green", PUBLISHED).write_bytes(b"no Parquet at all")
    [request] = harness.tick().run_requests or []
    assert not harness.run(request)
    assert f"1 to be tried again later because the last run failed ({PUBLISHED})" in harness.reason()
    folder.publish("green", PUBLISHED, rows=300)
    assert harness.requested_months() == [PUBLISHED]


def test_a_month_whose_first_run_failed_half_way_is_not_taken_for_loaded(
    harness: SensorHarness, folder: Folder
) -> None:
    folder.publish("green", PUBLISHED, rows=300)
    folder.break_zones()
    [request] = harness.tick().run_requests or []
    assert not harness.run(request)
    assert rows(harness.settings, "green", str(PUBLISHED))["Postgres"] > 0
    assert f"1 to be tried again later because the last run failed ({PUBLISHED})" in harness.reason()


def test_a_replaced_month_whose_run_failed_half_way_is_not_taken_for_loaded(
    harness: SensorHarness, folder: Folder
) -> None:
    folder.publish("green", PUBLISHED, rows=300)
    harness.run_all()
    folder.publish("green", PUBLISHED, rows=400)
    zones = folder.break_zones()
    [request] = harness.tick().run_requests or []
    assert not harness.run(request)
    assert rows(harness.settings, "green", str(PUBLISHED))["published"] == 400
    assert f"1 to be tried again later because the last run failed ({PUBLISHED})" in harness.reason()
    zones.unlink()
    harness.load(PUBLISHED)
    assert f"1 unchanged ({PUBLISHED})" in harness.reason()
