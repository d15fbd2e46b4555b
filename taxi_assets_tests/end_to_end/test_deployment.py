"""Webserver and daemon with deploy/dagster.yaml over a real Postgres: a backfill of eight months, all at once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from filelock import FileLock
from psycopg.sql import SQL, Identifier

from taxi_assets.cli.doctor import machine
from taxi_assets.settings import HISTORY_URL
from taxi_assets_tests.helpers.backfills import REPOSITORY, Backfill, complete, times_materialized
from taxi_assets_tests.helpers.dagster_dev import DagsterDev
from taxi_assets_tests.helpers.deployment import WEBSERVER_LOG, empty_database, start_deployment

DATASET = "fhv"
MONTHS = [f"2023-0{month}" for month in range(1, 9)]
ROWS = 300
# Eight Pythons that start at once on two cores, beside whatever else the machine does.
PATIENCE_SECONDS = 900.0
WORKING = """{ runsOrError(filter: {statuses: [STARTED]}) { ... on Runs { results { runId } } } }"""
START = """mutation ($sensor: SensorSelector!) { done: startSensor(sensorSelector: $sensor) {
    __typename ... on PythonError { message } } }"""
TICKS = """query ($sensor: InstigationSelector!) { instigationStateOrError(instigationSelector: $sensor) {
    ... on InstigationState { ticks { status skipReason error { message } } } } }"""
TROUBLE = re.compile(
    r"Traceback|\block|deadlock|\w+Error\b|\w*Warning: |Retrying failed|too many clients| - ERROR - ", re.I
)

pytestmark = [pytest.mark.daemon, pytest.mark.slow, pytest.mark.timeout(3 * PATIENCE_SECONDS)]


@dataclass(frozen=True)
class Story:
    """What became of the backfill."""

    dev: DagsterDev
    history_url: str
    at_once: int
    """Months that were worked on at the same time."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Story]:
    folder, schema = tmp_path_factory.mktemp("deployment"), f"test_{secrets.token_hex(6)}"
    with empty_database(postgres_url) as url, start_deployment(folder, postgres_url, schema, url) as dev:
        yield Story(dev, url, _backfilled(dev))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))


def _backfilled(dev: DagsterDev) -> int:
    """Counts the runs at work at once: none can end before all have begun, for we hold the warehouse they need."""
    for month in MONTHS:
        dev.publish(DATASET, month, ROWS)
    dev.settings.home.mkdir(exist_ok=True)
    with FileLock(f"{dev.settings.warehouse}.lock"):
        backfill = Backfill.launch(dev, DATASET, MONTHS)
        at_once = dev.until("all months to be at work", lambda: _working(dev, len(MONTHS)), PATIENCE_SECONDS)
    dev.until("the backfill to end", lambda: backfill.status == "COMPLETED_SUCCESS", PATIENCE_SECONDS)
    return at_once


def _working(dev: DagsterDev, enough: int) -> int | None:
    found = len(dev.graphql(WORKING)["runsOrError"]["results"])
    return found if found >= enough else None


def test_eight_months_run_at_once_and_each_is_made_once(story: Story) -> None:
    assert story.at_once == len(MONTHS)
    assert complete(story.dev, DATASET, MONTHS) == MONTHS
    assert times_materialized(story.dev, DATASET, "postgres_table", MONTHS) == dict.fromkeys(MONTHS, 1)


def test_the_history_is_in_postgres_and_nowhere_else(story: Story) -> None:
    with psycopg.connect(story.history_url) as connection:
        runs = connection.execute("SELECT status, count(*) FROM runs GROUP BY status").fetchall()
        loaded = """SELECT array_agg(partition ORDER BY partition) FROM event_logs
            WHERE dagster_event_type = 'ASSET_MATERIALIZATION' AND asset_key = '["fhv", "postgres_table"]'"""
        months = connection.execute(loaded).fetchone()
    assert runs == [("SUCCESS", len(MONTHS))]
    assert months == ([f"{month}-01" for month in MONTHS],)
    assert [*story.dev.log.parent.rglob("*.db")] == []


def test_a_sensor_finds_the_months_in_the_history(story: Story) -> None:
    name = f"{DATASET}_publications"
    done = story.dev.graphql(START, sensor={**REPOSITORY, "sensorName": name})["done"]
    assert done["__typename"] == "Sensor", done
    tick = story.dev.until("a tick", lambda: _ended_tick(story.dev, name), PATIENCE_SECONDS)
    assert tick["status"] == "SKIPPED", tick
    assert "unchanged" in tick["skipReason"]


def _ended_tick(dev: DagsterDev, sensor: str) -> dict[str, str] | None:
    ticks = dev.graphql(TICKS, sensor={**REPOSITORY, "name": sensor})["instigationStateOrError"]["ticks"]
    return next((tick for tick in ticks if tick["status"] != "STARTED"), None)


def test_doctor_finds_the_history(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(story.dev.log.parent)
    monkeypatch.setenv(HISTORY_URL, story.history_url)  # where Dagster itself looks
    environment = {"DAGSTER_HOME": str(story.dev.log.parent / "deploy"), HISTORY_URL: story.history_url}
    found = machine.history(environment)
    assert found.state == "ok"
    assert found.found.startswith("PostgreSQL on ")
    assert re.search(rf": {len(MONTHS)} runs, \d+\.\d GB$", found.found)


def test_neither_daemon_nor_webserver_logs_any_trouble(story: Story) -> None:
    for log in (story.dev.log, story.dev.log.with_name(WEBSERVER_LOG)):
        assert [line for line in log.read_text().splitlines() if TROUBLE.search(line)] == []
