"""Runs whose processes are killed, with Dagster or alone: they are found and failed, and the queue goes on.

Downloads drip, so that runs are in the middle of their work when they are killed, and others live on meanwhile.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus, RunsFilter
from psycopg.sql import SQL, Identifier

from taxi_assets.automation.month_tag import MONTH_TAG
from taxi_assets.automation.run_heartbeat import Heartbeat
from taxi_assets.model.months import Month
from taxi_assets.model.typed_months import last_month
from taxi_assets_tests.helpers.backfills import REPOSITORY, Backfill, complete, times_materialized
from taxi_assets_tests.helpers.dagster_dev import (
    ROOT,
    DagsterDev,
    address,
    dev_site,
    environment_of,
    loaded,
    program,
    running,
)

BACKFILL = ["2023-01", "2023-02", "2023-03"]
NEWEST = str(last_month())
KILLED, ALIVE = ("green", NEWEST), ("green", "2023-01")
KILLED_ELSEWHERE, ALIVE_ELSEWHERE = ("green", "2023-02"), ("green", "2023-03")
MACHINES = {KILLED: "", ALIVE: "", KILLED_ELSEWHERE: "another_machine", ALIVE_ELSEWHERE: "another_machine"}
"""The months that are run by `dagster job execute`, and the folder that stands for another machine."""
ROWS = 300
PATIENCE_SECONDS = 600.0
SHORTENED = {
    "poll_interval_seconds: 30": "poll_interval_seconds: 1",
    # Longer than three heartbeats. A dead run of another machine is waited for.
    "class: HeartbeatRunLauncher": "class: HeartbeatRunLauncher\n  config: {silent_seconds: 35}",
}
START = """mutation ($sensor: SensorSelector!) { done: startSensor(sensorSelector: $sensor) {
    __typename ... on PythonError { message } } }"""

pytestmark = [pytest.mark.daemon, pytest.mark.slow, pytest.mark.timeout(4 * PATIENCE_SECONDS)]


@dataclass(frozen=True)
class World:
    """A folder to start Dagster in, what it is started with, and its history."""

    dev: DagsterDev
    folder: Path
    environment: Mapping[str, str]
    instance: DagsterInstance

    @contextmanager
    def dagster_dev(self) -> Iterator[subprocess.Popen[bytes]]:
        command: list[str | Path] = [program("dagster"), "dev", *address(self.dev)]
        with running(command, self.folder, self.dev.log, self.environment) as process:
            self.until("dagster dev to load the assets", lambda: loaded(self.dev, process))
            yield process

    def job_execute(self, month: tuple[str, str], machine: str) -> subprocess.Popen[bytes]:
        """`dagster job execute` for a month, on another machine if that is what the folder stands for."""
        home = self.folder / machine
        home.mkdir(exist_ok=True)
        _write_instance(home, history=self.folder, artifacts=home if machine else self.folder)
        tags = f'{{"dagster/partition": "{Month.parse(month[1]).key}"}}'
        command = ["job", "execute", "-m", "taxi_assets.definitions", "-j", f"{month[0]}_trips", "--tags", tags]
        with (home / f"{month[0]}-{month[1]}.log").open("wb") as log:
            return subprocess.Popen(
                [program("dagster"), *command],
                cwd=self.folder,
                env={**self.environment, "DAGSTER_HOME": str(home)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def beats(self, month: tuple[str, str]) -> int | None:
        """How often the first run of a month has beaten; None before its first beat."""
        run = self.run_of(month)
        heartbeat = Heartbeat.of(self.instance, run) if run else None
        return heartbeat.beats + 1 if heartbeat else None

    def run_of(self, month: tuple[str, str]) -> str | None:
        """The id of the first run of a month, once it has begun."""
        runs = self.instance.get_runs(RunsFilter(tags={MONTH_TAG: " ".join(month)}))
        return runs[-1].run_id if runs else None

    def statuses(self, month: tuple[str, str]) -> list[DagsterRunStatus]:
        """The statuses of a month's runs, the oldest first."""
        return [run.status for run in reversed(self.instance.get_runs(RunsFilter(tags={MONTH_TAG: " ".join(month)})))]

    def until(self, what: str, found: Callable[[], object]) -> None:
        """Waits until `found` returns something true."""
        self.dev.until(what, lambda: found() or None, PATIENCE_SECONDS)


@dataclass(frozen=True)
class Story:
    """What became of the runs that were killed and of those that lived."""

    world: World
    backfill: Backfill
    living: dict[tuple[str, str], tuple[list[DagsterRunStatus], int]]
    """Statuses and beats of the runs that lived, at the moment when the last dead one had been found."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[World]:
    folder, schema = tmp_path_factory.mktemp("killed"), f"test_{secrets.token_hex(6)}"
    with dev_site(folder, schema, "dagster_dev.log") as dev:
        _write_instance(folder, history=folder, artifacts=folder)
        environment = {**environment_of(folder, dev.settings, postgres_url), "DAGSTER_HOME": str(folder)}
        with DagsterInstance.from_config(str(folder)) as instance:
            yield World(dev, folder, environment, instance)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))


def _write_instance(home: Path, history: Path, artifacts: Path) -> None:
    """The project's dagster.yaml with its history in one place for all machines, and with shorter times."""
    text = (ROOT / "dagster.yaml").read_text()
    for before, after in SHORTENED.items():
        assert before in text
        text = text.replace(before, after)
    storage, found, rest = text.partition("local_artifact_storage:")
    here = storage.replace("base_dir: .dagster", f"base_dir: {history}/.dagster")
    there = rest.replace("base_dir: .dagster", f"base_dir: {artifacts}/.dagster")
    (home / "dagster.yaml").write_text(f"{here}{found}{there}")


@pytest.fixture(scope="module")
def story(world: World) -> Iterator[Story]:
    backfilled = [("fhv", month) for month in BACKFILL]
    for dataset, month in [*backfilled, *MACHINES]:
        world.dev.publisher.drip(world.dev.publish(dataset, month, ROWS).name, bytes_per_second=1, times=20)
    with world.dagster_dev() as dagster, ExitStack() as ended:
        Backfill.launch(world.dev, "fhv", BACKFILL)
        world.until("two months to be in the middle", lambda: len([*filter(world.beats, backfilled)]) == 2)
        executed = {each: world.job_execute(each, machine) for each, machine in MACHINES.items()}
        for process in executed.values():
            ended.callback(_kill, process)
        world.until("all to be in the middle", lambda: all(map(world.beats, executed)))
        for process in (dagster, executed[KILLED], executed[KILLED_ELSEWHERE]):
            _kill(process)
        yield from _restarted(world, [executed[ALIVE], executed[ALIVE_ELSEWHERE]])


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kills a process and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _restarted(world: World, alive: list[subprocess.Popen[bytes]]) -> Iterator[Story]:
    world.dev.publisher.clear()
    with world.dagster_dev():
        [backfill] = world.instance.get_backfills()
        again = Backfill(world.dev, backfill.backfill_id)
        world.until(
            "the dead to be found",
            lambda: all(world.statuses(each) == [DagsterRunStatus.FAILURE] for each in (KILLED, KILLED_ELSEWHERE)),
        )
        living = {each: (world.statuses(each), world.beats(each) or 0) for each in (ALIVE, ALIVE_ELSEWHERE)}
        # The queue counts them, too.
        for process in alive:
            _kill(process)
        world.until("the backfill to end", lambda: again.status.startswith("COMPLETED"))
        yield Story(world, again, living)


@pytest.mark.fault(22)
@pytest.mark.fault(32)
def test_a_backfill_goes_on_after_dagster_was_killed_and_each_month_is_made_once(story: Story) -> None:
    dev = story.world.dev
    assert story.backfill.status == "COMPLETED_SUCCESS"
    assert complete(dev, "fhv", BACKFILL) == BACKFILL
    assert times_materialized(dev, "fhv", "postgres_table", BACKFILL) == dict.fromkeys(BACKFILL, 1)


@pytest.mark.fault(32)
def test_the_runs_that_were_killed_with_it_failed_and_were_started_again(story: Story) -> None:
    statuses = [story.world.statuses(("fhv", month)) for month in BACKFILL]
    failed, success = DagsterRunStatus.FAILURE, DagsterRunStatus.SUCCESS
    assert sorted(statuses, key=len) == [[success], [failed, success], [failed, success]]


@pytest.mark.parametrize("month", [KILLED, KILLED_ELSEWHERE], ids=["here", "elsewhere"])
@pytest.mark.fault(23)
def test_a_killed_job_execute_is_failed_and_its_log_says_that_its_process_died(
    story: Story, month: tuple[str, str]
) -> None:
    run = story.world.run_of(month)
    assert run is not None
    [failure] = story.world.instance.all_logs(run, of_type=DagsterEventType.RUN_FAILURE)
    assert "The process of the run (pid " in (failure.get_dagster_event().message or "")


@pytest.mark.parametrize("month", [ALIVE, ALIVE_ELSEWHERE], ids=["here", "elsewhere"])
def test_a_run_that_lives_is_not_failed_on_any_machine(story: Story, month: tuple[str, str]) -> None:
    statuses, beats = story.living[month]
    # On a slow machine its download may have ended meanwhile.
    assert statuses in ([DagsterRunStatus.STARTED], [DagsterRunStatus.SUCCESS])
    assert beats > 3


def test_the_sensor_asks_again_for_the_month_of_a_dead_run(story: Story) -> None:
    world = story.world
    world.dev.graphql(START, sensor={**REPOSITORY, "sensorName": "green_publications"})
    world.until("the newest month", lambda: world.statuses(KILLED)[1:] == [DagsterRunStatus.SUCCESS])
    assert complete(world.dev, "green", [NEWEST]) == [NEWEST]
