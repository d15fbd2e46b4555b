"""Our own contestants: the stages of a month, and the job over all assets."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, LiteralString

from benchmarks.contestants import Contestant, file_facts
from benchmarks.months import MadeMonth
from benchmarks.steps import runs_in, step_seconds
from benchmarks.workbench import PROJECT, Workbench, script

_ROWS: dict[str, LiteralString] = {
    "yellow": "SELECT (SELECT count(*) FROM yellow_taxi_trips) + (SELECT count(*) FROM yellow_taxi_trips_quarantine)",
    "fhvhv": "SELECT (SELECT count(*) FROM fhvhv_trips) + (SELECT count(*) FROM fhvhv_trips_quarantine)",
}


def our_path(bench: Workbench, month: MadeMonth) -> list[Contestant]:
    """The stages that move the rows, each alone, and the load with its check; then the job that people run."""
    return [_clean(bench, month), _load(bench, month), _compared(bench, month), _job(bench, month)]


def small_job(bench: Workbench, month: MadeMonth) -> Contestant:
    """The job over a month with next to no data: the cost of a run as such."""
    job = _job(bench, month)
    return replace(job, name="small_job", path=f"the same, {month.rows:,} rows", targets=frozenset({"p2"}))


def plain_dagster(bench: Workbench, month: MadeMonth) -> Contestant:
    """A job over empty assets, to compare the job over a small month with: no row of `month` is read."""
    job = _job(bench, month)
    source = str(PROJECT / "benchmarks" / "plain_dagster.py")
    return Contestant(
        name="plain_dagster",
        title="Dagster: five empty assets",
        path="nothing → nothing, by dagster job execute",
        command=[script("dagster"), "job", "execute", "-f", source, "-j", "plain", *job.command[-2:]],
        targets=frozenset({"p2", "p4"}),
        env=bench.env(),
        folder=bench.root,
    )


def clean_folder(bench: Workbench, month: MadeMonth) -> Path:
    """The folder in which `clean` leaves its files and `load` finds them."""
    return bench.folder(f"clean-{month.dataset}-{month.rows}")


def _clean(bench: Workbench, month: MadeMonth) -> Contestant:
    folder = clean_folder(bench, month)
    return Contestant(
        name="clean",
        title="ours: clean",
        path=f"{_format(month)} → clean and quarantined Parquet",
        command=_stage("clean", month, month.path, folder),
        targets=frozenset({"p1", "p2", "p3", "p5"}),
        env=bench.env(),
        after=lambda: file_facts(folder / "clean.parquet"),
    )


def _load(bench: Workbench, month: MadeMonth) -> Contestant:
    return Contestant(
        name="load",
        title="ours: load",
        path="clean Parquet → month swapped in, indexed, counted",
        command=_stage("load", month, clean_folder(bench, month), bench.server.url),
        targets=frozenset({"p1", "p3"}),
        env=bench.env(),
        rows=_ROWS[month.dataset],
    )


def _compared(bench: Workbench, month: MadeMonth) -> Contestant:
    """The load with its check, which the job runs as two steps."""
    load = _load(bench, month)
    return replace(
        load,
        name="compared",
        title="ours: load and check",
        path="the same, then every column compared with the file",
        command=_stage("compared", month, clean_folder(bench, month), bench.server.url),
    )


def _job(bench: Workbench, month: MadeMonth) -> Contestant:
    clean = f"lake/clean/{month.dataset}/trip_month={month.month}-01/{month.dataset}_tripdata_{month.month}.parquet"
    tags = json.dumps({"dagster/partition": f"{month.month}-01"})
    job = [script("dagster"), "job", "execute", "-m", "taxi_assets.definitions", "-j", f"{month.dataset}_trips"]

    def after() -> dict[str, Any]:
        return {**file_facts(bench.home / clean), "steps": step_seconds(runs_in(bench.root / ".dagster")[-1])}

    return Contestant(
        name="job",
        title="ours: dagster job execute",
        path=f"{_format(month)} → lake, bucket folder, DuckDB, Postgres, all checks",
        command=[*job, "--tags", tags],
        targets=frozenset({"p2", "p3", "p5"}),
        env=bench.env(TAXI_PUBLISHER=month.publisher),
        folder=bench.root,
        before=bench.forget_months,
        after=after,
        rows=_ROWS[month.dataset],
    )


def _stage(name: str, month: MadeMonth, *places: object) -> list[str]:
    """The command of a stage in `ours.py`."""
    return [sys.executable, "-m", "benchmarks.ours", name, month.dataset, month.month, *map(str, places)]


def _format(month: MadeMonth) -> str:
    return "csv.gz" if month.path.suffix == ".gz" else "Parquet"
