"""What becomes of a month that is published, replaced, not published, or refused, under a real daemon.

The daemon is a process of its own with the project's definitions, except that sensors tick every second.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg
import pytest
from dagster import DagsterRun, DagsterRunStatus
from psycopg.sql import SQL, Identifier

from taxi_assets.settings import POSTGRES_URL
from taxi_assets_tests.helpers.daemon import PATIENCE_SECONDS, Daemon, daemon
from taxi_assets_tests.helpers.dagster_internals import InstigatorTick, TickStatus
from taxi_assets_tests.helpers.published_files import Folder, recent
from taxi_assets_tests.servers.publisher import PublisherServer

NEWEST = recent("yellow")
ROWS, MORE_ROWS = 1_000, 1_500
PLACES = {"bucket", "warehouse", "Postgres", "mart"}
Totals = dict[str, tuple[int, float]]

pytestmark = [pytest.mark.daemon, pytest.mark.slow, pytest.mark.timeout(3 * PATIENCE_SECONDS)]


@dataclass(frozen=True)
class World:
    """A publisher, a daemon that watches it, and the places that months go to."""

    folder: Folder
    server: PublisherServer
    daemon: Daemon
    home: Path
    postgres_url: str
    postgres_schema: str

    def totals(self) -> Totals:
        """How many trips the newest yellow month has in each place, and what they cost."""
        sums = "SELECT count(*), round(CAST(sum(total_amount) AS numeric), 2) FROM"
        days = "SELECT sum(trips), round(sum(total), 2) FROM daily_trips WHERE dataset = 'yellow'"
        month = f"trip_month = DATE '{NEWEST.key}'"
        with duckdb.connect(self.home / "warehouse.duckdb") as warehouse:
            warehouse.execute("USE trips_data_all")
            answers = {
                "bucket": warehouse.execute(f"{sums} '{self.object}'").fetchall(),
                "warehouse": warehouse.execute(f"{sums} yellow_taxi_trips WHERE {month}").fetchall(),
                "mart": warehouse.execute(f"{days} AND {month}").fetchall(),
            }
        with psycopg.connect(self.postgres_url, options=f"-c search_path={self.postgres_schema}") as postgres:
            answers["Postgres"] = postgres.execute(f"{sums} yellow_taxi_trips WHERE {month}".encode()).fetchall()
        return {place: (int(trips), float(cost)) for place, [(trips, cost)] in answers.items()}

    @property
    def object(self) -> Path:
        """The newest yellow month in the bucket."""
        [found] = (self.home / "bucket" / "trips").rglob(f"yellow_tripdata_{NEWEST}.parquet")
        return found

    def run_after(self, count: int) -> DagsterRun:
        """The run of yellow trips that comes after so many others, once it has ended."""

        def ended() -> DagsterRun | None:
            runs = self.daemon.runs("yellow_trips")
            return runs[count] if len(runs) > count and runs[count].is_finished else None

        return self.daemon.wait_for(ended)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[World]:
    """One daemon for all tests of the module, for it takes long to start."""
    root, schema = tmp_path_factory.mktemp("watched"), f"test_{secrets.token_hex(6)}"
    folder = Folder.at(root / "site")
    with PublisherServer(folder.root) as server:
        settings = {
            "TAXI_HOME": str(root / "taxi"),
            "TAXI_PUBLISHER": server.url,
            "TAXI_POSTGRES_SCHEMA": schema,
            POSTGRES_URL: postgres_url,
        }
        with daemon(root / "dagster", settings, "yellow_publications", "green_publications") as running:
            yield World(folder, server, running, root / "taxi", postgres_url, schema)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))


def equal_everywhere(totals: Totals) -> bool:
    return totals.keys() == PLACES and len(set(totals.values())) == 1


def said(tick: InstigatorTick) -> str:
    """The reason that a tick gives for skipping, or its error."""
    return tick.skip_reason or (tick.error.to_string() if tick.error else "")


def test_a_new_month_is_loaded_and_a_replaced_one_replaced_everywhere_each_of_them_once(world: World) -> None:
    world.folder.publish("yellow", NEWEST, ROWS)
    first = world.run_after(0)
    assert (first.status, first.tags["dagster/partition"]) == (DagsterRunStatus.SUCCESS, NEWEST.key)
    before = world.totals()
    assert equal_everywhere(before)

    world.folder.publish("yellow", NEWEST, MORE_ROWS)
    second = world.run_after(1)
    assert (second.status, second.tags["dagster/partition"]) == (DagsterRunStatus.SUCCESS, NEWEST.key)
    after = world.totals()
    assert equal_everywhere(after)
    assert ROWS >= before["mart"][0] > 0.9 * ROWS
    assert MORE_ROWS >= after["mart"][0] > 0.9 * MORE_ROWS

    written = world.object.stat().st_mtime_ns
    for tick in world.daemon.ticks_after("yellow_publications", time.time(), 2):
        assert tick.status is TickStatus.SKIPPED
        assert f"1 unchanged ({NEWEST})" in said(tick)
    assert [run.run_id for run in world.daemon.runs("yellow_trips")] == [first.run_id, second.run_id]
    assert world.totals() == after
    assert world.object.stat().st_mtime_ns == written


def test_an_unpublished_month_is_a_skip_and_a_refusal_is_a_failure_from_the_third_tick_on(world: World) -> None:
    [tick] = world.daemon.ticks_after("green_publications", 0, 1)
    assert tick.status is TickStatus.SKIPPED
    assert "Looked at 6 months; 6 not published yet" in said(tick)

    world.server.fail("green", 403, times=1_000_000)
    refused = world.daemon.wait_for(lambda: _refused(world.daemon, 4))
    assert [tick.status for tick in refused] == [TickStatus.SKIPPED] * 2 + [TickStatus.FAILURE] * 2

    world.server.clear()
    [tick] = world.daemon.ticks_after("green_publications", time.time(), 1)
    assert tick.status is TickStatus.SKIPPED
    assert "not published yet" in said(tick)
    assert world.daemon.runs("green_trips") == []


def _refused(running: Daemon, count: int) -> list[InstigatorTick] | None:
    """The first `count` ticks that were refused, once there are so many; None before."""
    refused = [tick for tick in running.ticks("green_publications") if "refuses us" in said(tick)]
    return refused[:count] if len(refused) >= count else None
