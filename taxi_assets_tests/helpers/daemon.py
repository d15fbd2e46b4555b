"""A Dagster daemon as in production, a process of its own: for tests of what happens by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dagster import DagsterInstance, DagsterRun, RunsFilter

from taxi_assets_tests.helpers.dagster_internals import InstigatorTick, TickStatus
from taxi_assets_tests.servers.process import tail

_T = TypeVar("_T")
ROOT = Path(__file__).parents[2]
MODULE = "taxi_assets_tests.helpers.fast_sensors"
# A machine with ten other things to do on one core takes minutes to start a daemon.
PATIENCE_SECONDS = 600.0
SLOW_MACHINE = {f"DAGSTER_{part}GRPC_TIMEOUT_SECONDS": "600" for part in ("SENSOR_", "SCHEDULE_", "REPOSITORY_")}
"""Settings by which Dagster waits for a code server on such a machine, instead of failing a tick after a minute."""
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.2
GUARD = """
import contextlib, os, signal, sys
sys.stdin.read()
with contextlib.suppress(ProcessLookupError):
    os.killpg(int(sys.argv[1]), signal.SIGKILL)
"""
# The queue is looked at as often as it can be; all else is as Dagster has it by default.
INSTANCE = """
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config: {dequeue_interval_seconds: 1}
code_servers: {local_startup_timeout: 600}
telemetry: {enabled: false}
"""


@dataclass(frozen=True)
class Daemon:
    """A running daemon and its history."""

    instance: DagsterInstance
    process: subprocess.Popen[bytes]
    log: Path

    def ticks(self, sensor: str) -> list[InstigatorTick]:
        """The ticks of a sensor that have ended, the oldest first."""
        states = [state for state in self.instance.all_instigator_state() if state.instigator_name == sensor]
        ticks = [
            tick for state in states for tick in self.instance.get_ticks(state.instigator_origin_id, state.selector_id)
        ]
        ended = [tick for tick in ticks if tick.status is not TickStatus.STARTED]
        return sorted(ended, key=lambda tick: tick.timestamp)

    def runs(self, job: str) -> list[DagsterRun]:
        """The runs of a job, the oldest first."""
        return [*reversed(self.instance.get_runs(RunsFilter(job_name=job)))]

    def wait_for(self, what: Callable[[], _T | None]) -> _T:
        """Calls `what` until it returns something, and returns that; fails when the daemon ends or the time is over."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := what()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"waited in vain; the end of the daemon's log:\n{tail(self.log)}")
            time.sleep(_POLL_SECONDS)
        return found

    def ticks_after(self, sensor: str, when: float, count: int) -> list[InstigatorTick]:
        """The first so many ticks of a sensor that began after a time."""

        def enough() -> list[InstigatorTick] | None:
            later = [tick for tick in self.ticks(sensor) if tick.timestamp > when]
            return later[:count] if len(later) >= count else None

        return self.wait_for(enough)


@contextmanager
def daemon(home: Path, settings: Mapping[str, str], *sensors: str) -> Iterator[Daemon]:
    """A daemon with its history in `home` and these sensors turned on; it and all it started end with the block."""
    home.mkdir()
    (home / "dagster.yaml").write_text(INSTANCE)
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("TAXI_", "GCP_", "DAGSTER_"))}
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**mine, **SLOW_MACHINE, "DAGSTER_HOME": str(home), "PYTHONPATH": path, **settings}
    log = home / "daemon.log"
    # Opened before the others, which would otherwise make the same tables at the same time.
    with DagsterInstance.from_config(str(home)) as instance, log.open("wb") as output:
        with ThreadPoolExecutor() as people:
            [*people.map(lambda sensor: _start(sensor, environment), sensors)]
        process = subprocess.Popen(
            [_program("dagster-daemon"), "run", "-m", MODULE],
            cwd=home,  # not where somebody may have a .env, which goes before the environment
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        with _ended_with_us(process):
            yield Daemon(instance, process, log)


@contextmanager
def _ended_with_us(leader: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ends a session of processes with the block: its leader by a signal, then the rest (code server, runs) by force.

    This happens even if this process is killed: another one waits for our end of a pipe to close, and does the rest.
    """
    with subprocess.Popen(
        [sys.executable, "-c", GUARD, str(leader.pid)], stdin=subprocess.PIPE, start_new_session=True
    ):
        try:
            yield
        finally:
            leader.terminate()
            with suppress(subprocess.TimeoutExpired):
                leader.wait(STOP_SECONDS)
    leader.wait()


def _start(sensor: str, environment: Mapping[str, str]) -> None:
    """Turns a sensor on by the command line."""
    command = [_program("dagster"), "sensor", "start", sensor, "-m", MODULE]
    done = subprocess.run(
        command, cwd=environment["DAGSTER_HOME"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
