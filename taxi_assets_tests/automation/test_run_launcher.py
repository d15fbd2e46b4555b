"""Which runs the launcher calls dead: by heartbeat, lock and clock. What becomes of them: test_killed_runs."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRun

from taxi_assets.automation.run_heartbeat import Heartbeat, lock_file
from taxi_assets.automation.run_launcher import SILENT_HERE_SECONDS, SILENT_SECONDS, HeartbeatRunLauncher
from taxi_assets_tests.helpers.dagster_internals import WorkerStatus

RUN = DagsterRun("yellow_trips")
BEAT = Heartbeat("elsewhere", 4711)
INSTANCE = "run_launcher: {module: taxi_assets.automation.run_launcher, class: HeartbeatRunLauncher}"


class Watch:
    """A launcher, and the clock it goes by."""

    def __init__(self, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
        self.instance = instance
        self.now = 0.0
        monkeypatch.setattr("taxi_assets.automation.run_launcher.time.monotonic", lambda: self.now)

    def look(self, seconds: float = 0.0) -> WorkerStatus:
        """What the launcher says of the run after so many seconds."""
        self.now += seconds
        return self.instance.run_launcher.check_run_worker_health(RUN).status

    def looks(self, seconds: float, every: float) -> set[WorkerStatus]:
        return {self.look(every) for _ in range(int(seconds / every))}


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    (tmp_path / "dagster.yaml").write_text(INSTANCE)
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert isinstance(instance.run_launcher, HeartbeatRunLauncher)
        yield Watch(instance, monkeypatch)


def _lock(watch: Watch) -> Path:
    path = lock_file(watch.instance, RUN.run_id)
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_a_run_whose_lock_is_free_is_dead_after_a_minute_without_a_beat(watch: Watch) -> None:
    BEAT.save(watch.instance, RUN.run_id)
    path = _lock(watch)
    assert watch.look() == WorkerStatus.RUNNING
    assert watch.look(SILENT_HERE_SECONDS - 1) == WorkerStatus.RUNNING
    assert watch.look(1) == WorkerStatus.FAILED
    assert not path.exists()


def test_it_is_said_which_process_died(watch: Watch) -> None:
    BEAT.save(watch.instance, RUN.run_id)
    _lock(watch)
    watch.look()
    watch.now += SILENT_HERE_SECONDS
    health = watch.instance.run_launcher.check_run_worker_health(RUN)
    assert health.msg == "The process of the run (pid 4711 on elsewhere) died: it was killed, or its machine went down."


def test_a_run_that_holds_its_lock_is_alive_however_long_it_is_silent(watch: Watch) -> None:
    BEAT.save(watch.instance, RUN.run_id)
    with _lock(watch).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert watch.looks(10 * SILENT_SECONDS, every=60) == {WorkerStatus.RUNNING}


def test_a_run_of_another_machine_is_dead_after_five_minutes_without_a_beat(watch: Watch) -> None:
    BEAT.save(watch.instance, RUN.run_id)
    watch.look()
    assert watch.looks(SILENT_SECONDS - 20, every=20) == {WorkerStatus.RUNNING}
    assert watch.look(20) == WorkerStatus.FAILED


def test_a_run_of_another_machine_that_beats_is_alive_whatever_its_clock_says(watch: Watch) -> None:
    for beats in range(100):
        replace(BEAT, beats=beats).save(watch.instance, RUN.run_id)
        assert watch.look(SILENT_SECONDS / 2) == WorkerStatus.RUNNING


def test_while_the_daemon_could_not_look_a_run_was_not_silent(watch: Watch) -> None:
    BEAT.save(watch.instance, RUN.run_id)
    watch.look()
    assert watch.look(3600) == WorkerStatus.RUNNING


def test_a_run_without_a_heartbeat_is_left_to_its_longest_runtime(watch: Watch) -> None:
    assert watch.looks(10 * SILENT_SECONDS, every=60) == {WorkerStatus.RUNNING}
