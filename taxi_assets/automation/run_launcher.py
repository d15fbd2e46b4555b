"""The run launcher that knows which runs are dead.

Imported by the webserver and the daemon, which load no assets: nothing here may import Arrow.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from dagster import DagsterRun, DefaultRunLauncher, Field, IntSource
from dagster._config.config_schema import UserConfigSchema
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._serdes import ConfigurableClassData

from taxi_assets.automation.run_heartbeat import Heartbeat, is_locked, lock_file

SILENT_SECONDS = 300
"""After so long without a heartbeat a run of another machine is taken for dead."""
SILENT_HERE_SECONDS = 60
"""After so long a run of this machine is, if nobody holds its lock."""
LONGEST_LOOK_SECONDS = 60.0
"""What the time between two looks counts for at most: while the database cannot be reached, or the machine sleeps,
neither we nor the runs can be blamed for silence."""
ALIVE = CheckRunHealthResult(WorkerStatus.RUNNING)


@dataclass(frozen=True)
class Silence:
    """The last heartbeat seen of a run, when it was last looked for (monotonic seconds), and for how long in vain."""

    heartbeat: Heartbeat
    looked_at: float
    seconds: float = 0.0

    def after(self, heartbeat: Heartbeat, now: float) -> Silence:
        """The silence after another look; none if there was a new heartbeat."""
        if heartbeat != self.heartbeat:
            return Silence(heartbeat, now)
        return Silence(heartbeat, now, self.seconds + min(now - self.looked_at, LONGEST_LOOK_SECONDS))


class HeartbeatRunLauncher(DefaultRunLauncher):
    """`DefaultRunLauncher` that can tell whether a run's process still lives, so that run monitoring fails dead runs.

    That holds for every run of our executor, whoever started it: a daemon before this one, or `dagster job execute`. A
    run without a heartbeat (of another executor) is left to `max_runtime_seconds`.
    """

    def __init__(self, silent_seconds: int = SILENT_SECONDS, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._silent_seconds = silent_seconds
        self._silences: dict[str, Silence] = {}

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        described = "Seconds without a heartbeat after which a run of another machine is failed."
        return {"silent_seconds": Field(IntSource, default_value=SILENT_SECONDS, description=described)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> Self:
        return cls(config_value["silent_seconds"], inst_data)

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process is alive: it holds its lock, or it has given a heartbeat lately, or it may have."""
        heartbeat = Heartbeat.of(self._instance, run.run_id)
        if heartbeat is None:
            return ALIVE
        now = time.monotonic()
        before = self._silences.get(run.run_id, Silence(heartbeat, now))
        silence = self._silences[run.run_id] = before.after(heartbeat, now)
        lock = lock_file(self._instance, run.run_id)
        locked = is_locked(lock)
        patience = self._silent_seconds if locked is None else min(self._silent_seconds, SILENT_HERE_SECONDS)
        if locked or silence.seconds < patience:
            return ALIVE
        del self._silences[run.run_id]
        lock.unlink(missing_ok=True)
        return CheckRunHealthResult(WorkerStatus.FAILED, heartbeat.died)
