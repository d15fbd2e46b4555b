"""Our own contestants: the stages of a month, and the job over all assets."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any, LiteralString

from benchmarks.contestants import Contestant, file_facts
from benchmarks.months import MadeMonth
from benchmarks.steps import runs_in, step_seconds
from benchmarks.workbench import Workbench, script

_ROWS: dict[str, LiteralString] = {
    "yellow": "SELECT (SELECT count(*) FROM yellow_taxi_trips) + (SELECT count(*) FROM yellow_taxi_trips_quarantine)",
    "fhvhv": "SELECT (SELECT count(*) FROM fhvhv_trips) + (SELECT count(*) FROM fhvhv_trips_quarantine)",
}


def our_path(bench: Workbench, month: MadeMonth) -> list[Contestant]:
    """The two stages that move the rows, each alone; then the job that people run."""
    load = _load(bench, month)
    return [_clean(bench, month), load, _compared(load), _job(bench, month)]


def small_job(bench: Workbench, month: MadeMonth) -> Contestant:
    """The job over a month with next to no data: what it costs to have a month done at all."""
    job = _job(bench, month)
    return replace(job, name="small_job", path=f"the same, {month.rows:,} rows", targets=frozenset({"p2"}))


def _clean(bench: Workbench, month: MadeMonth) -> Contestant:
    folder = bench.folder(f"clean-{month.dataset}-{month.rows}")
    return Contestant(
        name="clean",
        title="ours: clean",
        path=f"{_format(month)} → clean and quarantined Parquet",
        command=[
            sys.executable,
            "-m",
            "benchmarks.ours",
            "clean",
            month.dataset,
            month.month,
            str(month.path),
            str(folder),
        ],
        targets=frozenset({"p1", "p2", "p3", "p5"}),
        env=bench.env(),
        after=lambda: file_facts(folder / "clean.parquet"),
    )


def _load(bench: Workbench, month: MadeMonth) -> Contestant:
    folder = bench.folder(f"clean-{month.dataset}-{month.rows}")
    stage = [sys.executable, "-m", "benchmarks.ours", "load", month.dataset, month.month, str(folder)]
    return Contestant(
        name="load",
        title="ours: load",
        path="clean Parquet → month swapped in, indexed, counted",
        command=[*stage, bench.server.url],
        targets=frozenset({"p1", "p3"}),
        env=bench.env(),
        rows=_ROWS[month.dataset],
    )


def _compared(load: Contestant) -> Contestant:
    """What the job does in two steps: the asset, and its check."""
    command = ["compared" if word == "load" else word for word in load.command]
    path = "the same, then every column compared with the file"
    return replace(load, name="compared", title="ours: load and check", path=path, command=command)


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


def _format(month: MadeMonth) -> str:
    return "csv.gz" if month.path.suffix == ".gz" else "Parquet"
