"""Targets are judged by ratios within a round, and only where both sides were measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import QUICK, _parse
from benchmarks.backfill import Backfill
from benchmarks.figures import Figures, Spread
from benchmarks.measuring import Measurement
from benchmarks.months import MadeMonth, Months
from benchmarks.report import Report
from benchmarks.rounds import Absence, Run
from benchmarks.targets import Verdict, verdicts


def _month(rows: int) -> MadeMonth:
    return MadeMonth("yellow", "2021-01", rows, Path("mirror"), Path("mirror/month.csv.gz"))


MONTHS = Months(_month(1_370_000), _month(1_000), None, None)
BACKFILL = Backfill(
    months=10, seconds=40, runs=10, failed=0, at_once=2, step_seconds=60, materialized=10, loaded=10, rss=1
)


def _run(contestant: str, month: MadeMonth, number: int, *, seconds: float = 1, cpu: float = 1) -> Run:
    return Run(contestant, month.title, number, Measurement(seconds, cpu, 0, 100, 100), {"sha256": "same"})


def _found(*runs: Run) -> dict[str, Verdict]:
    return {verdict.aim.what: verdict for verdict in verdicts(Figures(runs), MONTHS, {})}


@pytest.mark.parametrize(("cpu", "reached"), [(5.9, True), (6.1, False)])
def test_a_jobs_own_time_is_judged_by_that_of_plain_dagster_in_the_same_round(cpu: float, reached: bool) -> None:
    found = _found(
        _run("small_job", MONTHS.small, 1, cpu=cpu),
        _run("plain_dagster", MONTHS.small, 1, cpu=3),
        # Without a partner in its round.
        _run("small_job", MONTHS.small, 2, cpu=99),
    )
    verdict = found["CPU of the job over 1,000 rows, by that of five empty assets"]
    assert verdict.found == Spread.of([cpu / 3])
    assert verdict.reached is reached


def test_a_target_whose_reference_was_left_out_is_not_judged() -> None:
    assert not any("gunzip" in what for what in _found(_run("load", MONTHS.usual, 1)))
    both = _found(_run("load", MONTHS.usual, 1, seconds=4), _run("psql", MONTHS.usual, 1, seconds=5))
    [load] = [verdict for what, verdict in both.items() if "gunzip" in what]
    assert load.found.median == 0.8


def test_a_backfills_overhead_is_judged_by_a_job_of_empty_assets_if_that_was_measured() -> None:
    first, *others = BACKFILL.verdicts(Spread.of([4.0]))
    # A month takes 4 s, of which 3 are work of two runs at once: 1 s by the 4 s of the empty job.
    assert first.found.median == 0.25
    assert BACKFILL.verdicts(None) == others


def test_no_target_is_an_absolute_time() -> None:
    names = ("clean", "load", "compared", "job", "psql", "tutorial_to_sql", "tutorial_parquet")
    runs = [_run(name, MONTHS.usual, number) for name in names for number in (1, 2)]
    runs += [_run(name, MONTHS.small, 1) for name in ("small_job", "plain_dagster")]
    found = [*_found(*runs).values(), *BACKFILL.verdicts(Spread.of([4.0]))]
    assert {verdict.aim.target for verdict in found} == {"P1", "P2", "P3", "P4", "P5"}
    assert {verdict.aim.unit for verdict in found} <= {"x", " MB", ""}


def test_who_is_missing_stands_in_the_report_and_only_an_error_fails_it() -> None:
    left_out = Absence("sling", "no network", error=False)
    report = Report(MONTHS.usual, {}, [], Figures([]), [], absences=[left_out])
    assert "Left out: sling: no network" in report.markdown()
    assert report.as_dict()["absences"] == [{"who": "sling", "cause": "no network", "error": False}]
    assert not report.failed
    assert Report(MONTHS.usual, {}, [], Figures([]), [], absences=[left_out, Absence("us", "", error=True)]).failed


def test_quick_gives_way_to_what_else_is_asked_for() -> None:
    assert _parse(["--quick"]).rows == QUICK["rows"]
    assert _parse(["--quick", "--rows", "7"]).rows == 7
    assert _parse(["--quick", "--rows", "7"]).without == ("tutorial_to_sql",)
    assert _parse([]).without == ()
