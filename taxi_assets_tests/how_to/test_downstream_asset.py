"""docs/how-to/downstream-asset.md: the dataset's job makes an asset of one's own, in a project that forks nothing."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.how_to import blocks, write_files

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = "downstream-asset"
AUTOMATION = """
from dagster import AssetKey, AssetSelection, DagsterInstance, evaluate_automation_conditions
from my_project.definitions import defs

with DagsterInstance.ephemeral() as instance:
    def requested(cursor=None):
        return evaluate_automation_conditions(defs, instance, AssetSelection.assets("tips_by_hour"), cursor=cursor)

    def run(*names):
        assets = [AssetKey(["yellow", name]) for name in names]
        job = defs.resolve_job_def("yellow_trips")
        job.execute_in_process(partition_key="2021-01-01", asset_selection=assets, instance=instance)

    before = requested()
    run("raw_trips", "clean_trips", "gcs_parquet", "bq_table")
    after = requested(before.cursor)
    print(before.total_requested, sorted(after.get_requested_partitions(AssetKey("tips_by_hour"))))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the page's files."""
    folder = tmp_path / "project"
    write_files(PAGE, folder)
    return folder


@pytest.fixture
def environment(settings: Settings, postgres_url: str, tmp_path: Path) -> dict[str, str]:
    """A shell's environment, with local destinations, and the history of runs in `tmp_path`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TAXI_", "GCP_", "DAGSTER_"))}
    (tmp_path / "dagster.yaml").touch()
    return {
        **kept,
        "TAXI_HOME": str(settings.home),
        "TAXI_SAMPLE_ROWS": str(settings.sample_rows),
        "TAXI_SAMPLE_ANYWHERE": "true",
        "TAXI_POSTGRES_URL": postgres_url,
        "TAXI_POSTGRES_SCHEMA": settings.postgres_schema,
        "DAGSTER_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }


def test_the_page_s_command_loads_a_month_and_makes_the_asset_of_it(
    project: Path, environment: dict[str, str], settings: Settings
) -> None:
    [shell] = [block.text for block in blocks(PAGE) if block.language == "sh"]
    program, *arguments = shlex.split(shell.splitlines()[0])
    run = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        cwd=project, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-4000:]
    with duckdb.connect(settings.warehouse, read_only=True) as warehouse:
        warehouse.execute("USE trips_data_all")
        made = warehouse.execute(
            "SELECT sum(trips), count(DISTINCT hour), min(trip_month) FROM tips_by_hour"
        ).fetchall()
        loaded = warehouse.execute("SELECT count(*) FROM yellow_taxi_trips").fetchall()
    [(trips, hours, month)] = made
    assert [(trips,)] == loaded
    assert 0 < hours <= 24
    assert f"{month:%Y-%m-%d}" == "2021-01-01"


def test_a_month_that_was_loaded_without_the_asset_is_asked_for(project: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AUTOMATION], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.splitlines()[-1] == "0 ['2021-01-01']"
