"""A run that fails under a real daemon: people are told once, and nothing kept of it tells the webhook's address."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from dagster import DagsterEventType

from taxi_assets.model.months import Month
from taxi_assets.settings import ALERT_WEBHOOK, POSTGRES_URL
from taxi_assets_tests.helpers.daemon import MODULE, PATIENCE_SECONDS, ROOT, Daemon, daemon
from taxi_assets_tests.helpers.dagster_internals import InstigatorTick, TickStatus
from taxi_assets_tests.helpers.published_files import Folder
from taxi_assets_tests.servers.publisher import PublisherServer
from taxi_assets_tests.servers.webhook import SECRET, Answer, Webhook

SENSOR = "failed_runs"

pytestmark = [pytest.mark.daemon, pytest.mark.slow, pytest.mark.timeout(3 * PATIENCE_SECONDS)]


@dataclass(frozen=True)
class World:
    """A daemon whose sensors tick every second, a publisher that lacks green 2020-04, and a webhook."""

    daemon: Daemon
    webhook: Webhook
    home: Path
    settings: Mapping[str, str]

    def fail(self) -> str:
        """Launches a run of the month that is not published; returns its id."""
        self.call("job", "launch", "-j", "green_trips", "--tags", '{"dagster/partition": "2020-04-01"}')
        return self.daemon.runs("green_trips")[-1].run_id

    def call(self, *command: str) -> None:
        """Runs `dagster` with these arguments."""
        program = str(Path(sys.executable).with_name("dagster"))
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": path, **self.settings, "DAGSTER_HOME": str(self.home)}
        command = (program, *command, "-m", MODULE)
        subprocess.run(command, cwd=self.home, env=environment, check=True, capture_output=True)

    def ticks(self, status: TickStatus) -> list[InstigatorTick]:
        return [tick for tick in self.daemon.ticks(SENSOR) if tick.status is status]


@pytest.fixture
def world(tmp_path: Path, postgres_url: str, postgres_schema: str) -> Iterator[World]:
    home = tmp_path / "dagster"
    folder = Folder.at(tmp_path / "site")
    folder.publish("green", Month(2020, 5), 500)
    with PublisherServer(folder.root) as publisher, Webhook() as webhook:
        settings = {
            "TAXI_HOME": str(tmp_path / "taxi"),
            "TAXI_PUBLISHER": publisher.url,
            "TAXI_UI_URL": "https://dagster.example",
            "TAXI_POSTGRES_SCHEMA": postgres_schema,
            POSTGRES_URL: postgres_url,
            ALERT_WEBHOOK: webhook.url,
        }
        with daemon(home, settings, "marts_follow_tables") as running:
            yield World(running, webhook, home, settings)


def test_each_failed_run_is_told_once_or_fails_one_tick(world: World) -> None:
    # Nobody turned the sensor on: a webhook is set. Runs that failed before its first tick are history.
    world.daemon.ticks_after(SENSOR, 0, 1)

    told = world.fail()
    world.daemon.wait_for(lambda: world.webhook.messages)
    [message] = world.webhook.messages
    assert message["text"].startswith("green 2020-04: raw_trips failed\n")
    assert message["text"].endswith(f"\nhttps://dagster.example/runs/{told}")

    world.webhook.answers.append(Answer(404))
    lost = world.fail()
    [tick] = world.daemon.wait_for(lambda: world.ticks(TickStatus.FAILURE))
    assert tick.error is not None
    assert f"The webhook answered 404. Run {lost} failed." in tick.error.to_string()

    world.daemon.ticks_after(SENSOR, time.time(), 2)
    assert len(world.webhook.messages) == 2
    assert len(world.ticks(TickStatus.FAILURE)) == 1
    log = world.daemon.instance.get_records_for_run(lost, of_type=DagsterEventType.ENGINE_EVENT).records
    assert "The alert could not be sent" in " ".join(record.event_log_entry.message for record in log)

    # The address holds a secret.
    kept = [path for path in world.home.rglob("*") if path.is_file()]
    assert len(kept) > 5
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []


def test_a_run_that_automation_asked_for_is_told_as_well(world: World) -> None:
    """An old month is loaded by hand without its days; they follow by themselves, and meet a table of another shape."""
    for sensor in (SENSOR, "marts_follow_tables"):
        world.daemon.ticks_after(sensor, 0, 1)
    warehouse = Path(world.settings["TAXI_HOME"]) / "warehouse.duckdb"
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(warehouse) as connection:
        connection.execute("CREATE SCHEMA trips_data_all; CREATE TABLE trips_data_all.daily_trips (number INTEGER)")
    tables = ",".join(f"green/{asset}" for asset in ("raw_trips", "clean_trips", "gcs_parquet", "bq_table"))
    world.call("asset", "materialize", "--select", tables, "--partition", "2020-05-01")
    world.daemon.wait_for(lambda: world.webhook.messages)
    assert world.webhook.messages[0]["text"].startswith("green 2020-05: daily_trips failed\n")
    [run] = world.daemon.runs("__ASSET_JOB")[1:]
    assert run.tags["dagster/sensor_name"] == "marts_follow_tables"
