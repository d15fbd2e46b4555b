"""The targets, and whether they were reached.

P1: a month into Postgres. P2: the whole job. P3: memory. P4: a backfill. P5: the files. No target is an absolute time:
each is a ratio to a contestant that did like work on the same machine in the same round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.figures import Figures, Spread
from benchmarks.months import MadeMonth, Months

OURS = ("clean", "load", "job")


@dataclass(frozen=True)
class Aim:
    """One target: a ratio of at most `limit`, or of at least `limit` where the ratio says how many times faster."""

    target: str
    what: str
    limit: float
    unit: str = "x"
    at_least: bool = False

    @property
    def text(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {self.limit:g}{self.unit}"


@dataclass(frozen=True)
class Verdict:
    """An aim, and what was found."""

    aim: Aim
    found: Spread

    @property
    def reached(self) -> bool:
        return self.found.median >= self.aim.limit if self.aim.at_least else self.found.median <= self.aim.limit

    @property
    def text(self) -> str:
        """Reached or not, and by how much of the limit it is above or below."""
        share = self.found.median / self.aim.limit - 1 if self.aim.limit else 0
        side = f", {abs(share):.0%} {'above' if share > 0 else 'below'}" if share else ""
        return f"{'reached' if self.reached else 'NOT reached'}{side}"

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "reached": self.reached, "text": self.text}


Findings = Sequence[tuple[Aim, Spread | None]]


def verdicts(figures: Figures, months: Months, parquet: Mapping[str, Any]) -> list[Verdict]:
    """All aims that the runs say something about; `parquet` is what `sizes.py` found."""
    findings = [*_load(figures, months), *_job(figures, months), *_files(figures, months, parquet)]
    for name in OURS:
        findings += _memory(figures, months, name)
    return [Verdict(aim, spread) for aim, spread in findings if spread is not None]


def _load(figures: Figures, months: Months) -> Findings:
    return [
        (
            Aim("P1", r"a clean month into Postgres, by the time of gunzip -c | psql \copy", 0.9),
            figures.ratio(["load"], "psql", months.usual),
        ),
        (
            Aim("P1", "the same, how many times faster than the tutorial's to_sql", 30, at_least=True),
            figures.ratio(["tutorial_to_sql"], "load", months.usual),
        ),
    ]


def _job(figures: Figures, months: Months) -> Findings:
    return [
        (
            Aim("P2", "the job, how many times faster than the tutorial's two scripts", 8, at_least=True),
            figures.ratio(["tutorial_to_sql", "tutorial_parquet"], "job", months.usual),
        ),
        (
            Aim("P2", f"CPU of the job over {months.small.rows:,} rows, by that of five empty assets", 2),
            figures.ratio(["small_job"], "plain_dagster", months.small, "cpu"),
        ),
    ]


def _memory(figures: Figures, months: Months, name: str) -> Findings:
    usual, grown, large = (
        figures.spread(name, month, "rss") for month in (months.usual, months.grown, months.high_volume)
    )
    growth = Spread.of([grown.median / usual.median]) if usual and grown else None
    return [
        (Aim("P3", f"{name}: peak RSS, {_rows(months.usual)}", 400, " MB"), usual),
        (Aim("P3", f"{name}: peak RSS, {_rows(months.grown)}", 400, " MB"), grown),
        (Aim("P3", f"{name}: peak RSS, {_rows(months.grown)}, by that of {_rows(months.usual)}", 1.1), growth),
        (Aim("P3", f"{name}: peak RSS, {_rows(months.high_volume)}", 512, " MB"), large),
    ]


def _files(figures: Figures, months: Months, parquet: Mapping[str, Any]) -> Findings:
    made = [run.facts["sha256"] for name in ("clean", "job") for run in figures.of(name, months.usual)]
    return [
        (
            Aim("P5", "size of clean Parquet by that with the best zstd level of 1 to 9, same row groups", 1.05),
            Spread.of([parquet["bytes"] / parquet["best_bytes"]] if parquet else []),
        ),
        (
            Aim("P5", f"different files out of {len(made)} runs of the same month", 1, ""),
            Spread.of([len(set(made))] if len(made) > 1 else []),
        ),
    ]


def _rows(month: MadeMonth | None) -> str:
    return f"{month.rows:,} rows of {month.dataset}" if month else ""
