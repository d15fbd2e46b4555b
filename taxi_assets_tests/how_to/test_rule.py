"""docs/how-to/rule.md: rows with the new fault are in quarantine with its reason, and the new flag is set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.edited_package import edited_package, run_python

pytestmark = pytest.mark.slow

RUN = """
import json
from taxi_assets.settings import Settings
from taxi_assets.transform.cleaning import flag_bits
from taxi_assets_tests.helpers.run_month import metadata, run_month

clean = metadata(run_month(Settings.from_env(), "yellow", "2024-01"), "clean_trips")
print(json.dumps({
    "quarantined": clean["quarantined/impossible_fare"],
    "flagged": clean["flagged_rows"],
    "bits": flag_bits(),
}))
"""


def _answer(postgres_url: str, schema: str, table: str, query: str) -> Any:
    with psycopg.connect(postgres_url) as connection:
        return connection.execute(SQL(query).format(Identifier(schema, table))).fetchall()


def test_rows_have_the_new_reason_and_the_new_flag(tmp_path: Path, settings: Settings, postgres_url: str) -> None:
    run = run_python(edited_package("rule", tmp_path), ["-c", RUN], settings)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    assert found["quarantined"] == 1
    assert "| tip_above_fare |" in found["flagged"]
    assert list(found["bits"].items())[-2:] == [("negative_fare", 512), ("tip_above_fare", 1024)]
    rejected = "SELECT fare_amount > 5000 FROM {} WHERE 'impossible_fare' = ANY(reasons)"
    assert _answer(postgres_url, settings.postgres_schema, "yellow_taxi_trips_quarantine", rejected) == [(True,)]
    flagged = "SELECT DISTINCT (quality_flags & 1024) <> 0 FROM {} WHERE tip_amount > fare_amount AND fare_amount > 0"
    assert _answer(postgres_url, settings.postgres_schema, "yellow_taxi_trips", flagged) == [(True,)]


def test_the_edits_leave_the_package_in_order(tmp_path: Path, settings: Settings) -> None:
    package = edited_package("rule", tmp_path)
    catalogue = run_python(package, ["-m", "taxi_assets.cli", "catalogue"], settings)
    assert "| `impossible_fare` | all | The fare is above 5,000 US dollars. |" in catalogue.stdout, catalogue.stderr
    assert "| 10 | 1024 | `tip_above_fare` | The tip is higher than the fare. |" in catalogue.stdout
    edges = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "taxi_assets_tests/transform/test_cleaning.py"]
    checked = run_python(package, edges, settings)
    assert checked.returncode == 0, checked.stdout
