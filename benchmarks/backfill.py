"""P4: what a backfill of many small months costs, driven by a real daemon. Takes minutes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dagster import AssetKey, DagsterInstance, DagsterRunStatus, RunsFilter

from benchmarks.figures import Spread
from benchmarks.processes import TreeMemory
from benchmarks.steps import runs_in, step_seconds
from benchmarks.targets import Aim, Verdict
from benchmarks.workbench import Workbench, script
from taxi_assets.model.datasets import YELLOW_TAXI

PATIENCE_SECONDS = 3600
_POLL_SECONDS = 2.0
_MODULE = ("-m", "taxi_assets.definitions")


@dataclass(frozen=True)
class Backfill:
    """What a backfill did. `at_once`: how many runs were at work, on average; `materialized`: months in Postgres as
    Dagster sees it, `loaded` as the table has it; `rss`: peak MB of the daemon and its runs together.
    """

    months: int
    seconds: float
    runs: int
    failed: int
    at_once: float
    step_seconds: float
    materialized: int
    loaded: int
    rss: float

    @property
    def overhead(self) -> float:
        """Wall seconds per month beyond the work of its steps, which runs at the same time share."""
        return (self.seconds - self.step_seconds / max(self.at_once, 1.0)) / self.months

    @property
    def text(self) -> str:
        return (
            f"{self.months} months in {self.seconds:.0f} s: {self.seconds / self.months:.2f} s a month, "
            f"{self.runs} runs, {self.at_once:.1f} at once, steps {self.step_seconds / self.months:.2f} s a month, "
            f"daemon and runs {self.rss:.0f} MB"
        )

    def verdicts(self, plain: Spread | None) -> list[Verdict]:
        """The targets of a backfill. `plain`: seconds of a job over empty assets alone; None if not measured."""
        aims: list[tuple[Aim, float]] = [
            (Aim("P4", "failed runs", 0, ""), self.failed),
            (Aim("P4", "months that are not visible in Dagster", 0, ""), self.months - self.materialized),
            (Aim("P4", "months that are not in Postgres", 0, ""), self.months - self.loaded),
        ]
        if plain:
            aim = Aim("P4", "a backfill's overhead a month, by the time of a job of five empty assets", 0.4)
            aims.insert(0, (aim, self.overhead / plain.median))
        return [Verdict(aim, Spread(found, found, found, 1)) for aim, found in aims]


def run_backfill(bench: Workbench, months: int, rows: int, say: Callable[[str], None]) -> Backfill:
    """Asks a daemon for `months` of yellow from 2009-01 on, and waits for them. `bench` has no other runs."""
    env = dict(bench.env(TAXI_SAMPLE_ROWS=str(rows), DAGSTER_HOME=str(bench.root)))
    first = YELLOW_TAXI.first_month
    backfill = [script("dagster"), "job", "backfill", *_MODULE, "-j", "yellow_trips", "--noprompt"]
    backfill += ["--from", first.key, "--to", (first + (months - 1)).key]
    # The instance first: two programs that make its SQLite files at once get in each other's way.
    with DagsterInstance.from_config(str(bench.root)) as instance, _daemon(bench, env) as memory:
        started = time.monotonic()
        subprocess.run(backfill, cwd=bench.root, env=env, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 ours
        _wait(instance, months, started, say)
        seconds = time.monotonic() - started
        records = instance.get_run_records()
        busy = sum((record.end_time or 0.0) - (record.start_time or 0.0) for record in records)
        steps = [sum(step_seconds(path).values()) for path in runs_in(bench.root / ".dagster")]
        return Backfill(
            months=months,
            seconds=seconds,
            runs=len(records),
            failed=instance.get_runs_count(RunsFilter(statuses=[DagsterRunStatus.FAILURE])),
            at_once=busy / seconds,
            step_seconds=sum(steps),
            materialized=len(instance.get_materialized_partitions(AssetKey(["yellow", "postgres_table"]))),
            loaded=bench.server.execute("SELECT count(DISTINCT trip_month) FROM yellow_taxi_trips"),
            rss=memory.together / 1e6,
        )


@contextmanager
def _daemon(bench: Workbench, env: dict[str, str]) -> Iterator[TreeMemory]:
    command = [script("dagster-daemon"), "run", *_MODULE]
    with (bench.root / "daemon.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=bench.root, env=env, stdout=log, stderr=log)  # noqa: S603 ours
    try:
        with TreeMemory(process.pid) as memory:
            yield memory
    finally:
        process.terminate()
        process.wait()


def _wait(instance: DagsterInstance, months: int, started: float, say: Callable[[str], None]) -> None:
    """Waits until the months' runs have ended, well or badly: the backfill itself is done once they are queued."""
    ended = shown = 0
    while ended < months:
        if time.monotonic() - started > PATIENCE_SECONDS:
            raise TimeoutError(f"the backfill has not ended after {PATIENCE_SECONDS} s")
        time.sleep(_POLL_SECONDS)
        ended = instance.get_runs_count(RunsFilter(statuses=[DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE]))
        if ended >= shown + 10:
            say(f"{ended} runs after {time.monotonic() - started:.0f} s")
            shown = ended
