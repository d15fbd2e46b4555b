"""The command: makes the months, runs the contestants in turns, prints what became of the targets.

python -m benchmarks --runs 3
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from benchmarks import machine
from benchmarks.backfill import Backfill, run_backfill
from benchmarks.contestants import Contestant
from benchmarks.figures import Figures
from benchmarks.months import MadeMonth, Months
from benchmarks.our_path import clean_folder, our_path, plain_dagster, small_job
from benchmarks.publishing import DOCS, keep, publish
from benchmarks.references import references
from benchmarks.report import Report
from benchmarks.rounds import Absence, Outcome, absence, run_once, run_rounds
from benchmarks.targets import verdicts
from benchmarks.workbench import Workbench, workbench

T = TypeVar("T")
TARGETS = ("p1", "p2", "p3", "p4", "p5")
QUICK = {"rows": 200_000, "grown_rows": 0, "runs": 2, "without": ("tutorial_to_sql",)}
Entries = list[tuple[Contestant, MadeMonth]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the report and keeps its figures. Returns 1, and publishes nothing, if one that must run failed."""
    given = _parse(arguments)
    absences: list[Absence] = []
    backfill = _tried("the backfill", partial(_backfill, given), absences)
    with workbench(given.work) as bench:
        report = _measure(bench, given, backfill, absences)
    print(f"\n{report.markdown()}\n\nAll figures: {keep(report)}")
    if given.quick:
        _say("The aims are for a whole month: over fewer rows the start of our programs weighs more, in P1 above all.")
    if report.failed:
        _say("Not all were measured, see FAILED above: nothing is published.")
    elif given.publish:
        publish(report, given.publish)
    return int(report.failed)


def _tried(who: str, work: Callable[[], T], absences: list[Absence]) -> T | None:
    """Returns what the work returns; None when it fails, which `absences` then lists."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 whatever it is, the figures of the others are kept
        absences.append(absence(who, error, optional=False))
        _say(str(error))
        return None


def _backfill(given: argparse.Namespace) -> Backfill | None:
    """Measures the backfill on a workbench of its own, whose history holds no other runs."""
    if not given.backfill_months or "p4" not in given.only:
        return None
    with workbench(given.work) as bench:
        return run_backfill(bench, given.backfill_months, given.small_rows, _say)


def _measure(
    bench: Workbench, given: argparse.Namespace, backfill: Backfill | None, absences: Sequence[Absence]
) -> Report:
    """Runs the contestants in turns; `absences` lists those that failed before."""
    wanted = frozenset(given.only)
    larger = (given.grown_rows, given.fhvhv_rows) if "p3" in wanted else (0, 0)
    _say("Making the months.")
    months = Months.make(bench.folder("months"), given.rows, given.small_rows, *larger)
    in_turns, alone = _entries(bench, months, wanted, given.without)
    outcomes = [_run(bench, in_turns, given, warm_up=True), _run(bench, alone, given, warm_up=False)]
    missing = [*absences, *(each for outcome in outcomes for each in outcome.absences)]
    figures = Figures([run for outcome in outcomes for run in outcome.runs])
    sizes = partial(_parquet_sizes, clean_folder(bench, months.usual) / "clean.parquet")
    parquet = (_tried("sizes of Parquet", sizes, missing) if "p5" in wanted else None) or {}
    found = verdicts(figures, months, parquet)
    if backfill:
        found += backfill.verdicts(figures.spread("plain_dagster", months.small, "seconds"))
    found = sorted((each for each in found if each.aim.target.lower() in wanted), key=lambda each: each.aim.target)
    return Report(
        month=months.usual,
        machine=machine.facts(),
        entries=[*in_turns, *alone],
        figures=figures,
        verdicts=found,
        parquet=parquet,
        backfill=backfill,
        absences=missing,
    )


def _run(bench: Workbench, entries: Entries, given: argparse.Namespace, *, warm_up: bool) -> Outcome:
    rounds = given.runs if warm_up else given.slow_runs
    run = partial(run_once, bench)
    return run_rounds(run, entries, rounds=rounds, slow_rounds=given.slow_runs, warm_up=warm_up, say=_say)


def _entries(
    bench: Workbench, months: Months, wanted: frozenset[str], without: Sequence[str]
) -> tuple[Entries, Entries]:
    """The contestants that run in turns over the usual month, and those run over larger months for their memory."""
    usual = [*our_path(bench, months.usual), *references(bench, months.usual)]
    small = [small_job(bench, months.small), plain_dagster(bench, months.small)]
    in_turns = [*((each, months.usual) for each in usual), *((each, months.small) for each in small)]
    larger = [month for month in (months.grown, months.high_volume) if month]
    alone = [(each, month) for month in larger for each in our_path(bench, month)]
    return [(each, month) for each, month in in_turns if each.targets & wanted and each.name not in without], alone


def _parquet_sizes(path: Path) -> dict[str, Any]:
    _say("Compressing the clean month with every zstd level.")
    command = [sys.executable, "-m", "benchmarks.sizes", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 our own command
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options; --quick sets those that are not given."""
    parser = _parser()
    if parser.parse_args(arguments).quick:
        parser.set_defaults(**QUICK)
    return parser.parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_370_000, help="of the month that all contestants load")
    parser.add_argument("--grown-rows", type=int, default=5_500_000, help="of the month that memory must not grow with")
    parser.add_argument(
        "--fhvhv-rows", type=int, default=0, help="of a high-volume month, 20000000 say; none unless given"
    )
    parser.add_argument("--backfill-months", type=int, default=0, help="of a backfill, 200 say; none unless given")
    parser.add_argument("--small-rows", type=int, default=1_000, help="of the month that costs no time of its own")
    parser.add_argument("--runs", type=int, default=3, help="counted rounds, after one that is not")
    parser.add_argument(
        "--slow-runs", type=int, default=1, help="rounds of the tutorial's scripts and of larger months"
    )
    parser.add_argument("--quick", action="store_true", help=f"in a few minutes: {QUICK}")
    parser.add_argument("--without", type=_names, default=(), help="contestants, tutorial_to_sql,sling say")
    parser.add_argument("--only", type=_targets, default=TARGETS, help="targets, p1,p2 say")
    parser.add_argument("--work", type=Path, help="a folder for the temporary files; the system's unless given")
    parser.add_argument(
        "--publish", type=Path, nargs="?", const=DOCS, help="also writes benchmarks.md and .svg to docs/"
    )
    return parser


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def _targets(text: str) -> tuple[str, ...]:
    wanted = _names(text.lower())
    if unknown := set(wanted) - set(TARGETS):
        raise argparse.ArgumentTypeError(f"no targets: {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    return wanted


if __name__ == "__main__":
    sys.exit(main())
