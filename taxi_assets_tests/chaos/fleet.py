"""The runs that the worker forks, as their starter sees them."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Self

from taxi_assets.model.months import Month
from taxi_assets_tests.chaos.worker import Report, Request

PATIENCE_SECONDS = 600.0
ROOT = Path(__file__).parents[2]


@dataclass
class Run:
    """A run on its way: `stopped` waits until it has been stopped, `ended` until it is over."""

    reports: Queue[Report] = field(default_factory=Queue)

    def stopped(self) -> Report:
        """The report of a run that was to be stopped; that of its end if it ended before."""
        return self._next()

    def ended(self) -> Report:
        while (report := self._next()).event != "ended":
            pass
        return report

    def wait(self, seconds: float) -> None:
        """Waits for the end of the run, but no longer than so many seconds."""
        deadline = time.monotonic() + seconds
        while not self.reports.qsize() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _next(self) -> Report:
        try:
            return self.reports.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise TimeoutError(f"a run has not answered for {PATIENCE_SECONDS:.0f} s") from None


class Worker:
    """The process that forks for each run of a dataset's months; it and its runs end with the block."""

    def __init__(self, dataset: str, environment: Mapping[str, str], history: Path, log: Path) -> None:
        self._dataset, self._environment, self._history, self._log = dataset, environment, history, log
        self._runs: dict[int, Run] = {}
        self._ids = itertools.count()

    def __enter__(self) -> Self:
        self._history.mkdir(parents=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "taxi_assets_tests.chaos.worker", self._dataset],
                env={**self._environment, "PYTHONPATH": str(ROOT)},
                cwd=self._history,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        if self._process.stdout is None or self._process.stdout.readline() != "ready\n":
            self._process.wait()
            raise RuntimeError(f"the worker did not start:\n{self._log.read_text()[-3000:]}")
        Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def start(self, month: Month, **what: int | float | str) -> Run:
        """Starts a run; `what` are further fields of its `Request`."""
        request = Request(next(self._ids), str(month), str(self._history), **what)  # type: ignore[arg-type]
        run = self._runs[request.id] = Run()
        if self._process.stdin is None:
            raise RuntimeError("the worker has no standard input")
        self._process.stdin.write(f"{json.dumps(asdict(request))}\n")
        self._process.stdin.flush()
        return run

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            report = Report(**json.loads(line))
            self._runs[report.id].reports.put(report)
