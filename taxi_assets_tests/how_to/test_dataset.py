"""docs/how-to/dataset.md: a fifth dataset in a project of one's own goes the whole way of a month."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.edited_package import run_python
from taxi_assets_tests.helpers.how_to import FOLDER, write_files

pytestmark = pytest.mark.slow

RECORD = "my_project/shared_rides.py"
RUN = """
import json
from dagster import DagsterInstance
from my_project.definitions import defs
from my_project.shared_rides import SHARED_RIDES
from taxi_assets.cli.show import rows_by_place
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings

job = defs.resolve_job_def("shared_trips")
with DagsterInstance.ephemeral() as instance:
    result = job.execute_in_process(partition_key="2024-01-01", instance=instance)
checks = result.get_asset_check_evaluations()
repository = defs.get_repository_def()
print(json.dumps({
    "checks": {f"{each.asset_key.path[1]} {each.check_name}": each.passed for each in checks},
    "rows": {place: rows for place, rows, _ in rows_by_place(Settings.from_env(), SHARED_RIDES, Month(2024, 1))},
    "assets": sorted(key.path[1] for key in repository.asset_graph.get_all_asset_keys() if key.path[0] == "shared"),
    "names": [each.name for each in (*defs.jobs, *defs.schedules, *defs.sensors)],
}))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the files of the page."""
    assert RECORD in {str(path.relative_to(tmp_path)) for path in write_files("dataset", tmp_path)}
    return tmp_path


def test_a_month_of_a_fifth_dataset_goes_the_whole_way_with_all_the_parts_that_the_page_names(
    project: Path, settings: Settings
) -> None:
    run = run_python(project, ["-c", RUN], settings)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    assert len(found["checks"]) >= 8
    assert set(found["checks"].values()) == {True}
    counts = found["rows"]
    assert counts["published"] == 2_000 == counts["clean"] + counts["quarantine"]
    assert counts["bucket"] == counts["warehouse"] == counts["Postgres"] == counts["clean"] > 1_900
    assert set(found["assets"]) - {"published_months"} == {
        "raw_trips",
        "clean_trips",
        "gcs_parquet",
        "bq_table",
        "postgres_table",
        "trips_with_zones",
        "daily_trips",
    }
    expected = {"shared_trips", "shared_freshness", "shared_publications", "shared_trips_monthly"}
    assert expected <= set(found["names"]), found["names"]


def test_a_record_without_a_part_does_not_load_and_says_which(project: Path, settings: Settings) -> None:
    path = project / RECORD
    [measures] = [line for line in path.read_text().splitlines(keepends=True) if "measures=" in line]
    path.write_text(path.read_text().replace(measures, ""))
    run = run_python(project, ["-c", "import my_project.definitions"], settings)
    assert run.returncode != 0
    assert run.stderr.splitlines()[-1] == "ValueError: Dataset shared: measures is missing."
    assert "`Dataset shared: measures is missing.`" in (FOLDER / "dataset.md").read_text(encoding="utf-8")
