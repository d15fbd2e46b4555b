"""A process that has imported everything and forks for each run, so that a run starts at once and can be killed.

A request is a line of JSON on standard input. Each is served by a supervisor of its own, which forks the process that
runs the month, hears from it which stage it enters, sends it a signal at the moment asked for, and answers on standard
output. So a signal comes on time, however busy the process that asked for it is.
"""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from tempfile import TemporaryFile
from typing import Any

from dagster import AssetSelection, DagsterInstance, Definitions, JobDefinition, asset, define_asset_job, materialize

from taxi_assets.asset_keys import TAXI_ZONES, job_name
from taxi_assets.build import build_definitions
from taxi_assets.model.datasets import DATASETS
from taxi_assets.settings import Settings
from taxi_assets_tests.chaos.stages import AFTER, BEFORE, tell

_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
_LOCK = TemporaryFile()  # noqa: SIM115 open as long as the process


@dataclass(frozen=True)
class Request:
    """A run of one month, with its checks or without; and the signal it gets, `delay` seconds after it has entered the
    stage for the `occurrence`th time. Without a signal it runs to its end. Dagster keeps its files in `history`.
    """

    id: int
    month: str
    history: str
    checks: bool = True
    signal: int = 0
    stage: str = BEFORE
    occurrence: int = 1
    delay: float = 0.0


@dataclass
class Report:
    """What a supervisor tells: the stages with the seconds at which they were entered, and how the run ended."""

    id: int
    event: str = "ended"
    pid: int = 0
    timeline: list[tuple[str, float]] = field(default_factory=list)
    success: bool = False
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main(dataset: str) -> None:
    """Serves requests for months of the dataset until standard input ends."""
    _import_what_runs_use()
    settings = Settings.from_env()
    assets = AssetSelection.groups(dataset) | AssetSelection.assets(TAXI_ZONES)
    unchecked = define_asset_job("unchecked", assets - AssetSelection.all_asset_checks())
    definitions = Definitions.merge(build_definitions(settings), Definitions(jobs=[unchecked]))
    jobs = {
        True: definitions.resolve_job_def(job_name(DATASETS[dataset])),
        False: definitions.resolve_job_def("unchecked"),
    }
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _supervise(Request(**json.loads(line)), jobs, google=settings.gcs_bucket is not None)
            os._exit(0)
    # Whoever asked is gone: so are the runs then, those that are stopped included.
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _import_what_runs_use() -> None:
    """Imports what each run would import where it needs it, for seconds: Dagster by a run of nothing."""
    for name in ("pgpq", "psycopg", "pyarrow.dataset", "taxi_assets.io_managers.duckdb_frames"):
        importlib.import_module(name)

    @asset
    def nothing() -> None: ...

    with DagsterInstance.ephemeral() as instance:
        materialize([nothing], instance=instance, run_config=_QUIET)


def _supervise(request: Request, jobs: Mapping[bool, JobDefinition], *, google: bool) -> None:
    """Runs the month in a process of its own, and says what became of it."""
    reader, writer = os.pipe()
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _run(request, jobs[request.checks], writer, google=google)
    os.close(writer)
    report = Report(request.id, pid=pid)
    occurrences = 0
    with os.fdopen(reader, "rb") as lines:
        for line in lines:
            word, _, rest = line.decode().strip().partition(" ")
            if word == "result":
                report = Report(**{**asdict(report), **json.loads(rest)})
                continue
            report.timeline.append((word, time.monotonic() - started))
            occurrences += word == request.stage
            if request.signal and word == request.stage and occurrences == request.occurrence:
                time.sleep(request.delay)
                os.kill(pid, request.signal)
                if request.signal == signal.SIGSTOP:
                    _answer(Report(request.id, "stopped", pid, report.timeline))
    os.waitpid(pid, 0)
    report.seconds = time.monotonic() - started
    _answer(report)


def _run(request: Request, job: JobDefinition, writer: int, *, google: bool) -> None:
    """Runs the month, tells its stages and its result, and waits to be killed if that has not happened yet."""
    try:
        tell(lambda stage: _tell(writer, stage), google)
        _tell(writer, BEFORE)
        with DagsterInstance.ephemeral(tempdir=request.history) as instance:
            result = job.execute_in_process(
                _QUIET,
                partition_key=f"{request.month}-01",
                instance=instance,
                raise_on_error=False,
            )
        failed = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
        ended: dict[str, Any] = {
            "success": result.success,
            "failures": [error.message[:1000] for error in failed if error],
        }
        _tell(writer, f"result {json.dumps(ended)}")
        _tell(writer, AFTER)
        while request.signal == signal.SIGKILL:
            signal.pause()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _tell(writer: int, line: str) -> None:
    os.write(writer, f"{line}\n".encode())


def _answer(report: Report) -> None:
    """Prints a line, while no other supervisor does."""
    fcntl.lockf(_LOCK, fcntl.LOCK_EX)
    sys.stdout.write(f"{json.dumps(asdict(report))}\n")
    sys.stdout.flush()
    fcntl.lockf(_LOCK, fcntl.LOCK_UN)


if __name__ == "__main__":
    main(sys.argv[1])
