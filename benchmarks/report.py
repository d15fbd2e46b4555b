"""The tables: for people on the terminal and in docs/benchmarks.md, both as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.backfill import Backfill
from benchmarks.contestants import Contestant
from benchmarks.figures import Figures
from benchmarks.months import MadeMonth
from benchmarks.rounds import Absence
from benchmarks.targets import Verdict

_NOTE = """\
Whole processes, interpreter start and imports included; medians of the rounds, in brackets the smallest and the
largest. All contestants load into one server, in turns. CPU is that of the process and its children, `server` that of
Postgres meanwhile. RSS is the peak of the largest process; `tree` that of all of them together. Ratios are taken within
a round. Absolute figures are those of one machine: only ratios carry over.
"""


@dataclass(frozen=True)
class Report:
    """All that was measured. `month` is the one that all contestants load; `parquet` is what `sizes.py` found."""

    month: MadeMonth
    machine: Mapping[str, str]
    entries: Sequence[tuple[Contestant, MadeMonth]]
    figures: Figures
    verdicts: Sequence[Verdict]
    parquet: Mapping[str, Any] = field(default_factory=dict)
    backfill: Backfill | None = None
    absences: Sequence[Absence] = ()

    @property
    def failed(self) -> bool:
        """Whether a contestant is missing that must not be."""
        return any(absence.error for absence in self.absences)

    def as_dict(self) -> dict[str, Any]:
        return {
            "machine": dict(self.machine),
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
            "parquet": dict(self.parquet),
            "backfill": asdict(self.backfill) if self.backfill else None,
            "absences": [asdict(absence) for absence in self.absences],
            "runs": [run.as_dict() for run in self.figures.runs],
        }

    def markdown(self) -> str:
        backfill = [self.backfill.text, ""] if self.backfill else []
        absences = [line for absence in self.absences for line in (_escaped(absence.text), "")]
        tables = [*self._targets(), "", *self._contestants(), "", *absences, *self._steps(), "", *backfill]
        return "\n".join([*tables, _NOTE, *self._machine()])

    def _targets(self) -> list[str]:
        rows = [
            (
                verdict.aim.target,
                _escaped(verdict.aim.what),
                verdict.aim.text,
                verdict.found.text(2),
                verdict.text,
            )
            for verdict in self.verdicts
        ]
        return _table(("", "target", "aim", "found", ""), rows, "lllrl")

    def _contestants(self) -> list[str]:
        columns = (("seconds", 2), ("cpu", 2), ("server_cpu", 2), ("rss", 0), ("tree_rss", 0))
        rows = []
        for contestant, month in self.entries:
            spreads = [(self.figures.spread(contestant.name, month, name), digits) for name, digits in columns]
            figures = [spread.text(digits) if spread else "" for spread, digits in spreads]
            who = contestant.title if any(figures) else f"{contestant.title} (not measured)"
            rows.append((_escaped(who), contestant.path, month.title, *figures))
        heads = ("who", "what", "month", "seconds", "CPU s", "server CPU s", "RSS MB", "tree MB")
        return _table(heads, rows, "lllrrrrr")

    def _steps(self) -> list[str]:
        """The table of how long each step of the job's last run took."""
        jobs = self.figures.of("job", self.month)
        if not jobs:
            return []
        run = jobs[-1]
        steps = run.facts["steps"]
        rest = run.measurement.seconds - sum(steps.values())
        rows = [(name, f"{seconds:.2f}") for name, seconds in steps.items() if seconds >= 0.005]
        head = f"steps of the job, {run.month}, round {run.round}"
        return _table((head, "seconds"), [*rows, ("outside the steps: start, imports, end", f"{rest:.2f}")], "lr")

    def _machine(self) -> list[str]:
        return [", ".join(f"{name} {value}" for name, value in self.machine.items()) + "."]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> list[str]:
    """A Markdown table, its columns padded so that it reads well as text too."""
    cells = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]

    def line(row: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, sides, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = ("-" * (width + 1) + (":" if side == "r" else "-") for width, side in zip(widths, sides, strict=True))
    return [line(heads), f"|{'|'.join(rule)}|", *map(line, cells[1:])]


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")
