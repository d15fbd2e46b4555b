"""The files that a run leaves: JSON for machines, and for docs/ the tables with their chart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chart import Bar, Panel, chart
from benchmarks.report import Report
from benchmarks.workbench import PROJECT

RESULTS = PROJECT / "benchmarks" / "results" / "latest.json"
DOCS = PROJECT / "docs"
_INTRODUCTION = """\
# Benchmarks

Written by `make bench` with `--publish`. The months are made up, in the shape of TLC's yellow 2021-01.

![Seconds and memory of our path and of the references](benchmarks.svg)

"""


def keep(report: Report) -> Path:
    """Writes the figures of this run as JSON, in place of the last one's."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(report.as_dict(), indent=1) + "\n")
    return RESULTS


def publish(report: Report, folder: Path = DOCS) -> None:
    """Writes the page and its chart for the month that all contestants load."""
    (folder / "benchmarks.md").write_text(_INTRODUCTION + report.markdown() + "\n")
    (folder / "benchmarks.svg").write_text(_chart(report))


def _chart(report: Report) -> str:
    into_postgres = ("load", "compared", "floor", "psql", "dlt", "sling", "tutorial_to_sql")
    memory = ("load", "clean", "job", "psql", "dlt", "sling", "tutorial_parquet", "tutorial_to_sql")
    panels = [
        Panel(f"Seconds, {report.month.rows:,} rows into Postgres", _bars(report, into_postgres, "seconds"), 1),
        Panel("Seconds, all assets and checks; the tutorial's two scripts", _whole(report), 1),
        Panel(
            "Peak memory of the largest process, MB; dashed: what is aimed at",
            _bars(report, memory, "rss"),
            0,
            limit=400,
        ),
    ]
    return chart("Our path and the references", [panel for panel in panels if panel.bars])


def _whole(report: Report) -> list[Bar]:
    """The panel of the whole job beside the tutorial's two scripts, one after the other."""
    scripts = [*_bars(report, ("tutorial_to_sql",), "seconds"), *_bars(report, ("tutorial_parquet",), "seconds")]
    both = [Bar("tutorial: both scripts", sum(bar.value for bar in scripts), ours=False)] if len(scripts) == 2 else []
    return [*_bars(report, ("job",), "seconds"), *both]


def _bars(report: Report, names: Sequence[str], figure: str) -> list[Bar]:
    titles = {contestant.name: contestant.title for contestant, month in report.entries if month == report.month}
    found = ((name, report.figures.spread(name, report.month, figure)) for name in names)
    return [Bar(titles[name], spread.median, titles[name].startswith("ours")) for name, spread in found if spread]
