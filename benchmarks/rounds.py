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


@dataclass(frozen=True)
class Absence:
    """A contestant that could not be measured, or not in every round: `cause` in a line. It is an `error` unless the
    contestant is optional.
    """

    who: str
    cause: str
    error: bool

    @property
    def text(self) -> str:
        return f"{'FAILED' if self.error else 'Left out'}: {self.who}: {self.cause}"


@dataclass(frozen=True)
class Outcome:
    """The result of the rounds: all counted runs, and the contestants that dropped out."""

    runs: list[Run] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)


def run_rounds(
    run: Callable[[Contestant, MadeMonth, int], Run],
    entries: Sequence[tuple[Contestant, MadeMonth]],
    *,
    rounds: int,
    slow_rounds: int,
    warm_up: bool,
    say: Callable[[str], None],
) -> Outcome:
    """Has every contestant run once a round, the slow ones only in the first `slow_rounds`; a warm-up is not counted.

    One that fails is not run again; what was measured of it and of all others is kept.
    """
    outcome = Outcome()
    staying = list(entries)
    for number in range(0 if warm_up else 1, rounds + 1):
        for contestant, month in tuple(staying):
            if contestant.slow and not 1 <= number <= slow_rounds:
                continue
            what = f"round {number}" if number else "warm-up"
            place = f"{what:>8}  {contestant.name:<17} {month.rows:>11,} rows"
            try:
                done = run(contestant, month, number)
            except Exception as error:  # noqa: BLE001 whatever it is, the figures of the others are kept
                staying.remove((contestant, month))
                outcome.absences.append(absence(f"{contestant.title}, {month.title}", error, contestant.optional))
                say(f"{place}  {outcome.absences[-1].text if contestant.optional else error}")
                continue
            say(f"{place}  {_figures(done.measurement)}")
            if number:
                outcome.runs.append(done)
    return outcome


def absence(who: str, error: Exception, optional: bool) -> Absence:
    """Why a contestant is not among the figures."""
    cause = error.cause if isinstance(error, ContestantError) else f"{type(error).__name__}: {error}"
    return Absence(who, " ".join(cause.split()), error=not optional)


def run_once(bench: Workbench, contestant: Contestant, month: MadeMonth, number: int) -> Run:
    """Runs a contestant once, in round `number`."""
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
