"""Contestants in turns: A B C, A B C, …, so that what the machine does meanwhile meets all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.contestants import Contestant
from benchmarks.measuring import ContestantError, Measurement, measured
from benchmarks.months import MadeMonth
from benchmarks.workbench import Workbench


@dataclass(frozen=True)
class Run:
    """One measured run of a contestant; `facts` are what it left, beyond the figures."""

    contestant: str
    month: str
    round: int
    measurement: Measurement
    facts: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "measurement": asdict(self.measurement)}


def run_rounds(
    bench: Workbench,
    entries: Sequence[tuple[Contestant, MadeMonth]],
    *,
    rounds: int,
    slow_rounds: int,
    warm_up: bool,
    say: Callable[[str], None],
) -> list[Run]:
    """Runs every contestant once a round, the slow ones only in the first `slow_rounds`; a warm-up is not counted."""
    runs = []
    for number in range(0 if warm_up else 1, rounds + 1):
        for contestant, month in entries:
            if contestant.slow and not 1 <= number <= slow_rounds:
                continue
            run = _run(bench, contestant, month, number)
            what = f"round {number}" if number else "warm-up"
            say(f"{what:>8}  {contestant.name:<17} {month.rows:>11,} rows  {_figures(run.measurement)}")
            if number:
                runs.append(run)
    return runs


def _run(bench: Workbench, contestant: Contestant, month: MadeMonth, number: int) -> Run:
    contestant.before()
    bench.server.settle()
    measurement = measured(
        contestant.command,
        bench.root / f"{contestant.name}.log",
        folder=contestant.folder,
        env=contestant.env,
        server_cpu=bench.server.cpu_seconds,
    )
    if contestant.rows and (rows := bench.server.execute(contestant.rows)) != month.rows:
        raise ContestantError(f"{contestant.name} left {rows:,} of {month.rows:,} rows")
    return Run(contestant.name, month.title, number, measurement, contestant.after())


def _figures(measurement: Measurement) -> str:
    return (
        f"{measurement.seconds:8.2f} s  CPU {measurement.cpu:6.2f} s + server {measurement.server_cpu:6.2f} s  "
        f"RSS {measurement.rss:6.0f} MB"
    )
