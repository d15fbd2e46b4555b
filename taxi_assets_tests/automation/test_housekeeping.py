"""What housekeeping keeps of a history: all that sensors read and that the UI shows of a month, and less of the rest.

On SQLite, as in dagster.yaml, and on Postgres. The time is passed in, so that what was just done counts as old.
"""

import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from dagster import (
    AssetCheckKey,
    AssetExecutionContext,
    AssetKey,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    DefaultScheduleStatus,
    asset,
    build_schedule_context,
    materialize,
)
from psycopg.sql import SQL, Identifier

from taxi_assets.automation.history_storage import HistoryStorage
from taxi_assets.automation.housekeeping import TRIMMED_TAG, tidy
from taxi_assets.automation.run_history import RunHistory
from taxi_assets.build import build_definitions
from taxi_assets.model.datasets import GREEN_TAXI
from taxi_assets.partitions import months_of
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.dagster_internals import (
    InProcessCodeLocationOrigin,
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    LoadableTargetOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
    TickData,
    TickStatus,
)
from taxi_assets_tests.helpers.published_files import Folder, recent
from taxi_assets_tests.helpers.sensor_harness import SensorHarness

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LOADED, REPLACED, BROKEN, HALF_WAY, ABSENT = (recent("green", back) for back in range(5))
DAY = 86_400.0


@pytest.fixture(params=["sqlite", "postgres"])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DagsterInstance]:
    """A history as dagster.yaml has it, in SQLite or in a database of its own."""
    home = tmp_path / "dagster"
    home.mkdir()
    text = (ROOT / "dagster.yaml").read_text().replace(".dagster", str(home / ".dagster"))
    if request.param == "sqlite":
        (home / "dagster.yaml").write_text(text)
        with DagsterInstance.from_config(str(home)) as made:
            yield made
        return
    server = request.getfixturevalue("postgres_url")
    name = f"history_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            storage = f"  postgres:\n    postgres_url: {urlsplit(server)._replace(path=name).geturl()}"
            with_postgres, replaced = re.subn(
                r"(?<=^storage:\n)  custom:\n(    .*\n)+", f"{storage}\n", text, flags=re.MULTILINE
            )
            assert replaced == 1
            (home / "dagster.yaml").write_text(with_postgres)
            with DagsterInstance.from_config(str(home)) as made:
                yield made
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def harness(settings: Settings, tmp_path: Path, instance: DagsterInstance) -> SensorHarness:
    """A sensor that watches a folder, in which there is a month that loads, one that was replaced, one that is broken,
    and one that stopped half way; each of them was run more often than would have been needed.
    """
    folder = Folder.at(tmp_path / "site")
    settings = replace(settings, publisher=folder.root.as_uri())
    harness = SensorHarness(settings, build_definitions(settings), instance)
    for month, rows in [(LOADED, 300), (REPLACED, 300), (HALF_WAY, 300)]:
        folder.publish("green", month, rows)
    folder.path("green", BROKEN).write_bytes(b"no Parquet at all")
    requests = {request.partition_key: request for request in harness.tick().run_requests or []}
    zones = folder.break_zones()
    assert not harness.run(requests[HALF_WAY.key])
    zones.unlink()
    for _ in range(2):
        assert not harness.run(requests[BROKEN.key])
        assert harness.run(requests[LOADED.key])
    for _ in range(2):
        harness.load(LOADED)
    assert harness.run(requests[REPLACED.key])
    folder.publish("green", REPLACED, 400)
    assert len(harness.run_all()) == 1
    freshness = harness.definitions.resolve_job_def("green_freshness")
    for _ in range(2):
        assert freshness.execute_in_process(instance=instance).success
    return harness


def shown(harness: SensorHarness) -> dict[str, Any]:
    """What the UI shows of every partition of every asset and check, and what sensors read about every month."""
    instance, graph = harness.instance, harness.definitions.resolve_asset_graph()
    months = months_of(GREEN_TAXI)
    history = RunHistory(instance, GREEN_TAXI)
    keys = [key for key in graph.materializable_asset_keys if key.path[0] in {"green", "taxi_zones"}]
    return {
        "sensor": harness.reason(),
        "records": [history.month_record(month) for month in (LOADED, REPLACED, BROKEN, HALF_WAY, ABSENT)],
        "loaded": history.loaded([LOADED, REPLACED, BROKEN, HALF_WAY, ABSENT]),
        "partitions": {
            key: instance.get_status_by_partition(key, months.get_partition_keys(), months)
            for key in keys
            if graph.get(key).is_partitioned
        },
        "materializations": {key: newest(instance, key) for key in keys},
        "checks": {key: results(instance, key) for key in graph.asset_check_keys if key.asset_key.path[0] == "green"},
    }


def newest(instance: DagsterInstance, key: AssetKey) -> dict[str | None, tuple[str, Any]]:
    """The newest materialization of each partition, and the run it is from."""
    last: dict[str | None, tuple[str, Any]] = {}
    for record in instance.fetch_materializations(AssetRecordsFilter(key), limit=1_000, ascending=True).records:
        assert instance.get_run_by_id(record.run_id)
        last[record.partition_key] = record.run_id, record.asset_materialization
    return last


def results(instance: DagsterInstance, key: AssetCheckKey) -> set[tuple[object, ...]]:
    """The newest result of each partition of a check; its run can still be opened."""
    found = instance.event_log_storage.get_asset_check_partition_info([key])
    assert all(instance.get_run_by_id(each.latest_planned_run_id) for each in found)
    return {(each.partition_key, each.latest_execution_status, each.latest_planned_run_id) for each in found}


def events(instance: DagsterInstance) -> int:
    return sum(len(instance.all_logs(run.run_id)) for run in instance.get_runs())


def test_sensors_and_ui_show_the_same_for_every_month_and_the_history_is_smaller(harness: SensorHarness) -> None:
    before, runs, said = shown(harness), harness.instance.get_runs_count(), events(harness.instance)
    assert f"2 unchanged ({LOADED}, {REPLACED})" in before["sensor"]
    assert f"2 to be tried again later because the last run failed ({BROKEN}, {HALF_WAY})" in before["sensor"]
    assert [len(record.requested_runs) for record in before["records"]] == [2, 2, 2, 1, 0]

    done = tidy(harness.instance, time.time() + DAY)
    assert shown(harness) == before
    # By hand a second time and no last time, and freshness looked at before the last time.
    assert (done.deleted_runs, done.trimmed_runs, done.busy) == (2, 6, [])
    assert harness.instance.get_runs_count() == runs - 2
    assert events(harness.instance) < 0.6 * said
    if HistoryStorage(harness.instance).folder:
        assert done.size_after < 0.75 * done.size_before

    again = tidy(harness.instance, time.time() + DAY)
    assert (again.deleted_runs, again.trimmed_runs, again.deleted_logs) == (0, 0, 0)
    assert shown(harness) == before


@asset
def made(context: AssetExecutionContext) -> None:
    context.log.info("at work")
    context.log.warning("look out")


def make(instance: DagsterInstance) -> str:
    return materialize([made], instance=instance).dagster_run.run_id


def test_an_old_run_that_is_needed_keeps_what_it_made_and_its_warnings(instance: DagsterInstance) -> None:
    run_id = make(instance)
    tidy(instance, time.time() + DAY)
    left = instance.all_logs(run_id)
    assert [entry.user_message for entry in left if not entry.is_dagster_event] == ["look out"]
    kinds = {entry.dagster_event_type for entry in left if entry.is_dagster_event}
    assert {DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.STEP_SUCCESS} < kinds
    assert DagsterEventType.STEP_OUTPUT not in kinds
    run = instance.get_run_by_id(run_id)
    assert run
    assert run.is_success
    assert TRIMMED_TAG in run.tags


def test_what_is_not_old_is_left_as_it_is(instance: DagsterInstance, settings: Settings) -> None:
    for _ in range(2):
        make(instance)
    said, logs = events(instance), logs_of(instance)
    job = build_definitions(settings).resolve_job_def("housekeeping")
    result = job.execute_in_process(instance=instance)
    assert result.success
    instance.delete_run(result.run_id)
    assert events(instance) == said
    assert logs
    assert logs <= logs_of(instance)


def logs_of(instance: DagsterInstance) -> set[Path]:
    folder = HistoryStorage(instance).log_folder
    return {path for path in folder.rglob("*") if path.is_file()} if folder else set()


def test_old_logs_and_ticks_go_and_other_files_stay(instance: DagsterInstance) -> None:
    add_tick(instance, "old", time.time() - 2 * DAY)
    add_tick(instance, "new", time.time())
    folder = HistoryStorage(instance).log_folder
    assert folder
    old, new, other = (folder / "repository/sensor" / name for name in ("1.err", "2.err", "result.pickle"))
    old.parent.mkdir(parents=True)
    for path in (old, new, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (time.time() - 2 * DAY,) * 2)
    assert tidy(instance, time.time() - DAY).deleted_logs == 1
    assert [path.exists() for path in (old, new, other)] == [False, True, True]
    ticks = {
        state.instigator_name: instance.get_ticks(state.instigator_origin_id, state.selector_id)
        for state in instance.all_instigator_state()
    }
    assert {name: len(of_sensor) for name, of_sensor in ticks.items()} == {"old": 0, "new": 1}


def add_tick(instance: DagsterInstance, name: str, when: float) -> None:
    """Adds a sensor that was turned on and has ticked once."""
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(python_file="definitions.py"))
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "repository"), name)
    state = InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.RUNNING)
    instance.add_instigator_state(state)
    kind, status, selector = InstigatorType.SENSOR, TickStatus.SKIPPED, state.selector_id
    instance.create_tick(TickData(state.instigator_origin_id, name, kind, status, when, selector_id=selector))


def test_files_of_runs_that_were_deleted_go_too(instance: DagsterInstance) -> None:
    storage = HistoryStorage(instance)
    first, by_hand, last = (make(instance) for _ in range(3))
    instance.delete_run(by_hand)
    tidy(instance, time.time() + DAY)
    assert {run.run_id for run in instance.get_runs()} == {last}
    assert [*dict(storage.files_of_runs())] == ([last] if storage.folder else [])
    assert not instance.has_run(first)


@pytest.mark.parametrize(("days", "status"), [(None, "STOPPED"), (90, "RUNNING")])
def test_the_schedule_is_on_where_a_setting_says_how_long_history_is_kept(
    settings: Settings, days: int | None, status: str
) -> None:
    repository = build_definitions(replace(settings, history_days=days)).get_repository_def()
    schedule = repository.get_schedule_def("housekeeping_daily")
    assert schedule.default_status == DefaultScheduleStatus(status)
    context = build_schedule_context(scheduled_execution_time=datetime(2026, 5, 1, tzinfo=UTC))
    [request] = schedule.evaluate_tick(context).run_requests or []
    assert request.run_config["ops"]["tidy_history"]["config"] == {"days": days or 30}
