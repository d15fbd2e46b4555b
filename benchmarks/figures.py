"""Medians and spreads of what was measured; a ratio is taken within a round, between runs that followed each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.months import MadeMonth
from benchmarks.rounds import Run


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of the values of several rounds."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread | None:
        """The spread of the values; None if there are none."""
        known = list(values)
        return cls(median(known), min(known), max(known), len(known)) if known else None

    def text(self, digits: int) -> str:
        alone = f"{self.median:,.{digits}f}"
        return alone if self.count == 1 else f"{alone} ({self.low:,.{digits}f} to {self.high:,.{digits}f})"


@dataclass(frozen=True)
class Figures:
    """The figures of all counted runs."""

    runs: Sequence[Run]

    def of(self, contestant: str, month: MadeMonth | None) -> list[Run]:
        """The runs of a contestant over a month; none if `month` is None."""
        return [run for run in self.runs if run.contestant == contestant and month and run.month == month.title]

    def spread(self, contestant: str, month: MadeMonth | None, figure: str) -> Spread | None:
        """The spread of one figure of `Measurement`, by its name."""
        return Spread.of(getattr(run.measurement, figure) for run in self.of(contestant, month))

    def ratio(self, over: Sequence[str], under: str, month: MadeMonth, figure: str = "seconds") -> Spread | None:
        """The ratio of a figure of `over`, added up, to that of `under`, in the rounds that have all of them."""
        found = {
            name: {run.round: getattr(run.measurement, figure) for run in self.of(name, month)}
            for name in (*over, under)
        }
        rounds = set.intersection(*(set(by_round) for by_round in found.values()))
        return Spread.of(sum(found[name][each] for name in over) / found[under][each] for each in sorted(rounds))
