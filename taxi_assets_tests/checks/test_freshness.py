"""Whether people are warned when the newest published month is not in the tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import AssetCheckEvaluation, AssetCheckSeverity, AssetKey, DagsterInstance, DefaultScheduleStatus

from taxi_assets.asset_keys import keys_of
from taxi_assets.assets.published_months import DESTINATIONS, POLICY
from taxi_assets.build import build_definitions
from taxi_assets.checks.freshness import CHECK, newest
from taxi_assets.model.datasets import DATASETS, GREEN_TAXI
from taxi_assets.model.months import Month
from taxi_assets.partitions import RECENT_MONTHS
from taxi_assets.publishers.file_version import FileVersion
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.published_files import Folder, recent
from taxi_assets_tests.helpers.run_month import checks, failure, run_month
from taxi_assets_tests.servers.publisher import PublisherServer

pytestmark = pytest.mark.slow

LATEST = recent("green", back=1)
ROWS = 500


@dataclasses.dataclass(frozen=True)
class World:
    """A publisher whose newest green month is LATEST, and our tables."""

    folder: Folder
    server: PublisherServer
    settings: Settings

    def load(self, month: Month, *assets: str) -> None:
        run_month(self.settings, "green", str(month), assets=assets)

    def check(self) -> AssetCheckEvaluation:
        job = build_definitions(self.settings).resolve_job_def("green_freshness")
        with DagsterInstance.ephemeral() as instance:
            found = checks(job.execute_in_process(instance=instance))
        assert list(found) == [f"published_months {CHECK}"]
        return found[f"published_months {CHECK}"]


@pytest.fixture
def world(settings: Settings, tmp_path: Path) -> Iterator[World]:
    folder = Folder.at(tmp_path / "site")
    folder.publish("green", LATEST, ROWS)
    with PublisherServer(folder.root) as server:
        yield World(folder, server, dataclasses.replace(settings, publisher=server.url))


def test_a_newest_month_that_is_in_no_table_is_a_warning_until_it_is_loaded(world: World) -> None:
    found = world.check()
    assert (found.passed, found.severity, found.blocking) == (False, AssetCheckSeverity.WARN, False)
    said = found.description or ""
    assert said.startswith(f"{LATEST} is published, but not in the warehouse or Postgres.")
    assert f"Run green_trips for {LATEST}" in said
    world.load(LATEST)
    assert world.check().passed


def test_a_table_that_lacks_the_month_is_named(world: World) -> None:
    world.load(LATEST, "raw_trips", "clean_trips", "gcs_parquet", "bq_table")
    assert "but not in Postgres." in (world.check().description or "")


def test_an_old_month_loaded_today_does_not_count(world: World) -> None:
    """Dagster's own freshness policy takes it for fresh."""
    world.folder.publish("green", Month(2020, 4), ROWS)
    world.load(Month(2020, 4))
    assert not world.check().passed


def test_a_month_published_later_is_a_warning_again(world: World) -> None:
    world.load(LATEST)
    world.folder.publish("green", LATEST + 1, ROWS)
    assert (world.check().description or "").startswith(f"{LATEST + 1} is published")


def test_a_publisher_that_has_published_nothing_for_half_a_year_is_a_warning(world: World) -> None:
    world.folder.path("green", LATEST).unlink()
    found = world.check()
    assert not found.passed
    assert f"has none of the months from {recent('green', back=5)} to {recent('green')}" in (found.description or "")


def test_a_publisher_that_refuses_us_fails_the_run_and_says_so(world: World) -> None:
    world.server.block()
    job = build_definitions(world.settings).resolve_job_def("green_freshness")
    with DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    said = failure(result, CHECK)
    assert f"green, {CHECK}: " in said
    assert "refuses us" in said
    assert "A retry will not help." in said


def test_no_run_of_a_month_makes_the_check_neither_of_the_job_nor_of_assets_as_in_a_backfill(world: World) -> None:
    world.folder.publish("green", Month(2020, 4), ROWS)
    definitions = build_definitions(world.settings)
    with DagsterInstance.ephemeral() as instance:
        for job in (definitions.resolve_job_def("green_trips"), definitions.resolve_implicit_global_asset_job_def()):
            result = job.execute_in_process(
                partition_key="2020-04-01", instance=instance, asset_selection=keys_of(GREEN_TAXI)
            )
            assert "published_months" not in " ".join(checks(result))
    asked = {request.path for request in world.server.requests()}
    assert {path for path in asked if "tripdata" in path} == {"/trip-data/green_tripdata_2020-04.parquet"}


def test_no_more_is_asked_than_it_takes() -> None:
    asked: list[Month] = []
    months = [Month(2026, number) for number in range(1, RECENT_MONTHS + 1)]

    def probe(month: Month) -> FileVersion | None:
        asked.append(month)
        return FileVersion("url", "identity") if month <= Month(2026, 4) else None

    assert newest(months, probe) == (Month(2026, 4), FileVersion("url", "identity"))
    assert asked == [Month(2026, 6), Month(2026, 5), Month(2026, 4)]
    assert newest(months, lambda _: None) is None


def test_the_check_is_a_job_of_its_own_with_a_daily_schedule_to_be_turned_on(settings: Settings) -> None:
    repository = build_definitions(settings).get_repository_def()
    for name in DATASETS:
        schedule = repository.get_schedule_def(f"{name}_freshness_daily")
        assert (schedule.job_name, schedule.cron_schedule) == (f"{name}_freshness", "0 7 * * *")
        assert schedule.default_status == DefaultScheduleStatus.STOPPED


def test_the_policy_is_on_every_place_that_people_read_and_nowhere_else(settings: Settings) -> None:
    graph = build_definitions(settings).get_repository_def().asset_graph
    found = {key for key in graph.get_all_asset_keys() if graph.get(key).freshness_policy is not None}
    assert found == {AssetKey([name, asset]) for name in DATASETS for asset in DESTINATIONS}
    assert {graph.get(key).freshness_policy for key in found} == {POLICY}
