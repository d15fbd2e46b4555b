"""docs/how-to/warehouse.md: SQLite as a warehouse, in a project that forks nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.how_to import write_files

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RUN = """
from dagster import DagsterInstance
from my_project.definitions import defs

with DagsterInstance.ephemeral() as instance:
    job = defs.resolve_job_def("green_trips")
    result = job.execute_in_process(partition_key="2024-01-01", instance=instance)
print(sorted(f"{check.asset_key.path[-1]} {check.passed}" for check in result.get_asset_check_evaluations()
    if check.asset_key.path[-1] in ("bq_table", "daily_trips")))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the page's files."""
    folder = tmp_path / "project"
    write_files("warehouse", folder)
    return folder


def _python(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TAXI_", "GCP_", "DAGSTER_"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={**kept, "PYTHONPATH": f"{project}:{ROOT}", "PYTHONWARNINGS": "ignore", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_s_store_passes_the_kit_that_ours_pass(project: Path) -> None:
    done = _python(project, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout[-4000:]
    assert "1 skipped" in done.stdout
    assert "keeps no comments" in done.stdout


def test_a_month_with_its_zones_and_days_goes_into_it_and_passes_its_checks(
    project: Path, settings: Settings, postgres_url: str
) -> None:
    done = _python(
        project,
        "-c",
        RUN,
        TAXI_HOME=str(settings.home),
        TAXI_SAMPLE_ROWS=str(settings.sample_rows),
        TAXI_SAMPLE_ANYWHERE="true",
        TAXI_POSTGRES_URL=postgres_url,
        TAXI_POSTGRES_SCHEMA=settings.postgres_schema,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.splitlines()[-1] == "['bq_table True', 'daily_trips True']"
    with closing(sqlite3.connect(settings.home / "warehouse.sqlite")) as warehouse:
        [(trips, named, months)] = warehouse.execute(
            "SELECT count(*), count(pickup_zone), count(DISTINCT trip_month) FROM green_taxi_trips_with_zones"
        )
        assert trips > 0
        assert named > 0
        assert months == 1
        [(set_aside,)] = warehouse.execute("SELECT count(*) FROM green_taxi_trips_quarantine")
        assert trips + set_aside == settings.sample_rows
    with duckdb.connect(settings.warehouse, read_only=True) as stock:
        assert stock.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("daily_trips",)]
        assert stock.execute("SELECT sum(trips) FROM trips_data_all.daily_trips").fetchone() == (trips,)
