"""How long the steps of runs took, from the history that Dagster keeps of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_SECONDS = """
    SELECT step_key, 86400 * sum(CASE dagster_event_type WHEN 'STEP_START' THEN -1 ELSE 1 END * julianday(timestamp))
    FROM event_logs WHERE dagster_event_type IN ('STEP_START', 'STEP_SUCCESS') GROUP BY step_key
"""


def step_seconds(run: Path) -> dict[str, float]:
    """Seconds by step of a run without failed steps; `run` is its file below .dagster/history/runs."""
    with closing(sqlite3.connect(run)) as database:
        return {step: round(seconds, 3) for step, seconds in database.execute(_SECONDS)}


def runs_in(dagster: Path) -> list[Path]:
    """The runs that `dagster`, a .dagster folder, knows of; the newest last."""
    return sorted((dagster / "history" / "runs").glob("*-*.db"), key=lambda path: path.stat().st_mtime)
