"""When the marts of a month are requested again because its tables have changed, and when not."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.parquet as pq
import pytest
from dagster import (
    AssetKey,
    DagsterInstance,
    DefaultSensorStatus,
    OutputContext,
    evaluate_automation_conditions,
)

from taxi_assets.automation.marts_sensor import MARTS
from taxi_assets.build import WAREHOUSE_SCHEMA, build_definitions
from taxi_assets.io_managers.frames import DuckDBFrames
from taxi_assets.io_managers.postgres import PostgresTables
from taxi_assets.model.datasets import DATASETS, GREEN_TAXI
from taxi_assets.model.zones import TABLE
from taxi_assets.partitions import months_of
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.dagster_internals import AssetGraphView

# Used by Dagster's own tester of conditions.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Parameter `include_sources`:dagster.BetaWarning"),
]

TABLES = ("raw_trips", "clean_trips", "gcs_parquet", "bq_table", "postgres_table")
OLD = "2020-04-01"
PATIENCE_SECONDS = 120.0
NEWEST = months_of(GREEN_TAXI).get_last_partition_key() or ""


class Automation:
    """Runs of green, and what the sensor requests after each: the months by mart."""

    def __init__(self, settings: Settings, instance: DagsterInstance) -> None:
        self.settings = settings
        self._instance = instance
        self._last = evaluate_automation_conditions(build_definitions(settings), instance)
        assert self._last.total_requested == 0

    def run(
        self, month: str, *assets: str, settings: Settings | None = None, parts: dict[str, Any] | None = None
    ) -> bool:
        """Makes some of the assets for the month, or all that the job has; whether the run succeeded."""
        job = build_definitions(settings or self.settings, parts).resolve_job_def("green_trips")
        chosen = [AssetKey(TABLE) if asset == TABLE else AssetKey(["green", asset]) for asset in assets]
        return job.execute_in_process(
            partition_key=month, instance=self._instance, raise_on_error=False, asset_selection=chosen or None
        ).success

    def tick(self) -> dict[str, set[str]]:
        definitions = build_definitions(self.settings)
        self._last = evaluate_automation_conditions(definitions, self._instance, cursor=self._last.cursor)
        found = {
            (name, mart): self._last.get_requested_partitions(AssetKey([name, mart]))
            for name in DATASETS
            for mart in MARTS
        }
        assert self._last.total_requested == sum(map(len, found.values()))
        return {" ".join(mart): {str(month) for month in months} for mart, months in found.items() if months}


class WatchedFrames(DuckDBFrames):
    """The tables of daily_trips; does something while it is being made."""

    work: ClassVar[Callable[[], object]]

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        type(self).work()
        super().handle_output(context, obj)


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def automation(settings: Settings, instance: DagsterInstance) -> Automation:
    """The sensor has been turned on, and no month was ever loaded."""
    return Automation(settings, instance)


def both(month: str) -> dict[str, set[str]]:
    return {"green daily_trips": {month}, "green trips_with_zones": {month}}


def test_the_sensor_waits_to_be_turned_on_and_watches_all_that_has_a_condition(settings: Settings) -> None:
    repository = build_definitions(settings).get_repository_def()
    sensor = repository.get_sensor_def("marts_follow_tables")
    assert sensor.default_status == DefaultSensorStatus.STOPPED
    assert not repository.has_sensor_def("default_automation_condition_sensor")


@pytest.mark.parametrize("month", [OLD, NEWEST])
def test_a_month_loaded_without_its_marts_is_requested_once_be_it_old_or_new(
    automation: Automation, month: str
) -> None:
    assert automation.run(month, *TABLES)
    assert automation.tick() == both(month)
    assert automation.tick() == {}
    assert automation.run(month, *MARTS)
    assert automation.tick() == {}


def test_a_republished_month_is_requested_though_its_marts_are_there(automation: Automation) -> None:
    assert automation.run(OLD)
    assert automation.tick() == {}
    republished = dataclasses.replace(automation.settings, sample_rows=3_000)
    assert automation.run(OLD, *TABLES, settings=republished)
    assert automation.tick() == both(OLD)


def test_a_run_that_makes_tables_and_marts_leaves_nothing_to_do(automation: Automation) -> None:
    assert automation.run(OLD)
    assert automation.tick() == {}
    assert automation.run("2020-05-01")
    assert automation.tick() == {}


def test_a_run_that_is_about_to_make_the_marts_is_left_alone(automation: Automation) -> None:
    requested: list[dict[str, set[str]]] = []
    WatchedFrames.work = lambda: requested.append(automation.tick())
    frames = WatchedFrames(database=str(automation.settings.warehouse), schema_name=WAREHOUSE_SCHEMA)
    parts = {"daily_tables": frames}
    assert automation.run(OLD, parts=parts)
    assert automation.run(OLD, *TABLES, *MARTS, parts=parts)
    assert [*requested, automation.tick()] == [{}, {}, {}]


def test_a_run_that_ends_during_a_tick_is_left_alone_too(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick reads the tables first and the runs in progress later; in between the run makes the marts and ends."""
    tables_made, tick_begun = threading.Event(), threading.Event()

    def wait_for_the_tick() -> None:
        tables_made.set()
        assert tick_begun.wait(PATIENCE_SECONDS)

    frames = WatchedFrames(database=str(settings.warehouse), schema_name=WAREHOUSE_SCHEMA)
    with DagsterInstance.local_temp(str(tmp_path)) as instance, ThreadPoolExecutor(1) as worker:
        automation = Automation(settings, instance)
        # With it comes the zone lookup, which calls for the days of every month.
        assert automation.run("2020-05-01")
        assert automation.tick() == {}
        WatchedFrames.work = wait_for_the_tick
        # As the sensors and schedules ask for it: with all assets named.
        run = worker.submit(automation.run, OLD, *TABLES, *MARTS, TABLE, parts={"daily_tables": frames})
        assert tables_made.wait(PATIENCE_SECONDS)
        runs_in_progress = AssetGraphView.compute_run_in_progress_subset

        async def late(view: AssetGraphView, **which: Any) -> Any:
            tick_begun.set()
            assert run.result(PATIENCE_SECONDS)
            return await runs_in_progress(view, **which)

        with monkeypatch.context() as patch:
            patch.setattr(AssetGraphView, "compute_run_in_progress_subset", late)
            requested = automation.tick()
        tick_begun.set()
        assert run.result(PATIENCE_SECONDS)
        assert [requested, automation.tick(), automation.tick()] == [{}, {}, {}]


def test_nothing_changed_in_the_tables_requests_nothing(automation: Automation) -> None:
    assert automation.run(OLD)
    automation.tick()
    assert automation.tick() == {}
    assert automation.run(OLD, "raw_trips", "clean_trips", "gcs_parquet")
    assert automation.tick() == {}


def test_months_loaded_before_the_sensor_was_turned_on_are_left_alone(
    settings: Settings, instance: DagsterInstance
) -> None:
    assert Automation(settings, instance).run(OLD, *TABLES)
    automation = Automation(settings, instance)
    assert automation.tick() == {}
    assert automation.run("2020-05-01", *TABLES)
    assert automation.tick() == both("2020-05-01")


def test_the_views_wait_until_both_tables_have_the_month(automation: Automation) -> None:
    assert automation.run(OLD, "raw_trips", "clean_trips", "gcs_parquet", "bq_table")
    assert automation.tick() == {"green daily_trips": {OLD}}
    assert automation.run(OLD, "postgres_table")
    assert automation.tick() == {"green trips_with_zones": {OLD}}


def test_a_table_made_by_a_run_that_still_makes_another_is_followed_when_the_run_ends(
    automation: Automation, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested: list[dict[str, set[str]]] = []
    make_postgres_table = PostgresTables.handle_output

    def watched(manager: PostgresTables, context: OutputContext, obj: Any) -> None:
        requested.append(automation.tick())
        make_postgres_table(manager, context, obj)

    monkeypatch.setattr(PostgresTables, "handle_output", watched)
    assert automation.run(OLD, "raw_trips", "clean_trips", "gcs_parquet", "bq_table", "postgres_table")
    assert [*requested, automation.tick()] == [{}, both(OLD)]


def test_a_table_that_differs_from_the_clean_month_is_not_followed_until_it_is_right(automation: Automation) -> None:
    assert automation.run(OLD, "raw_trips", "clean_trips", "gcs_parquet", "postgres_table")
    [copy] = (automation.settings.home / "bucket").rglob("trips/**/*.parquet")
    pq.write_table(pq.read_table(copy).slice(1), copy)
    assert not automation.run(OLD, "bq_table")
    assert automation.tick() == {}
    assert automation.run(OLD, "gcs_parquet", "bq_table")
    assert automation.tick() == both(OLD)


def test_a_changed_zone_lookup_asks_for_the_days_of_every_loaded_month_and_no_other(
    automation: Automation, tmp_path: Path
) -> None:
    """The views show it at once. That the lookup was made again, as every month's run does, says nothing."""
    for month in (OLD, "2020-05-01"):
        assert automation.run(month)
    assert automation.tick() == {}
    lookup = tmp_path / "mirror/misc/taxi_zone_lookup.csv"
    lookup.parent.mkdir(parents=True)
    lookup.write_bytes(zone_lookup().replace(b"Staten Island", b"Richmond"))
    changed = dataclasses.replace(automation.settings, publisher=(tmp_path / "mirror").as_uri())
    assert automation.run(OLD, TABLE, settings=changed)
    assert automation.tick() == {"green daily_trips": {OLD, "2020-05-01"}}
    assert automation.run(OLD, TABLE, settings=changed)
    assert automation.tick() == {}
