"""Every module's tests can be found: they stand where the module stands, or HELD_BY says where else."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "taxi_assets"
HELD_BY = {
    "assets/test_specs": "asset_keys assets/__init__ metadata/columns",
    "automation/test_marts_sensor": "assets/conditions",
    "automation/test_publication_sensor": "automation/run_requests",
    "checks/test_checks": "checks/__init__ checks/common",
    "checks/test_freshness": "assets/published_months",
    "cli/test_catalogue": "cli/catalogue_reasons cli/markdown",
    "cli/doctor/test_doctor": "cli/doctor/examination cli/doctor/masking",
    "cli/test_show": "metadata/places",
    "cli/test_command_line": "cli/__main__ cli/why definitions",
    "destinations/bigquery/test_contract": (
        "destinations/bigquery/loading destinations/bigquery/session destinations/descriptions destinations/sql "
        "destinations/table_store destinations/zone_table"
    ),
    "destinations/bigquery/test_table": "destinations/warehouse_month",
    "destinations/duckdb/test_table": "destinations/duckdb/file",
    "destinations/gcs/test_bucket": "destinations/gcs/object_names",
    "destinations/postgres/test_copy": "model/column_types",
    "destinations/postgres/test_session": "destinations/postgres/refusals",
    "destinations/postgres/test_table": "destinations/postgres/partition",
    "destinations/postgres/test_zones": "destinations/zone_view",
    "end_to_end/test_any_number_of_cores": "bounds",
    "end_to_end/test_killed_runs": "automation/executor",
    "end_to_end/test_made_up": "automation/jobs model/made_up resources/publisher",
    "end_to_end/test_path_of_a_month": (
        "assets/bq_table assets/clean_trips assets/common assets/gcs_parquet assets/postgres_table "
        "assets/raw_trips io_managers/base io_managers/bigquery io_managers/clean_parquet io_managers/duckdb "
        "io_managers/local_bucket io_managers/postgres io_managers/raw_files resources/lake"
    ),
    "end_to_end/test_zones_and_days": (
        "assets/daily_trips assets/taxi_zones assets/trips_with_zones destinations/bigquery/frames "
        "io_managers/bigquery_frames io_managers/zones"
    ),
    "io_managers/test_frames": "io_managers/duckdb_frames",
    "metadata/chart/test_page": "metadata/chart/svg",
    "metadata/test_materializations": (
        "metadata/contents metadata/days metadata/lineage metadata/links metadata/numbers "
        "metadata/publication metadata/zones"
    ),
    "model/test_zones": "model/zone_ids publishers/sample/zones",
    "publishers/sample/test_generator": (
        "publishers/sample/csv_text publishers/sample/distributions publishers/sample/fault_functions "
        "publishers/sample/faults publishers/sample/for_hire publishers/sample/high_volume "
        "publishers/sample/old_taxis publishers/sample/taxis publishers/sample/trips publishers/sample/undescribed "
        "publishers/sample/writing"
    ),
    "publishers/test_download": "publishers/http",
    "publishers/test_publishers": (
        "model/publication publishers/base publishers/sample/publisher publishers/staging publishers/web"
    ),
    "resources/embedded_postgres/test_processes": (
        "resources/embedded_postgres/__main__ resources/embedded_postgres/command "
        "resources/embedded_postgres/postmaster"
    ),
    "resources/embedded_postgres/test_programs": "resources/postgres",
    "resources/embedded_postgres/test_server": "resources/embedded_postgres/configuration",
    "resources/embedded_postgres/test_users": "resources/embedded_postgres/folder",
    "resources/test_slack": "resources/alert_webhook",
    "test_definitions_snapshot": "build",
    "test_settings": "destinations/postgres/url",
    "transform/test_cleaning": "transform/flags transform/rule transform/rules transform/writing",
    "transform/test_column_mapping": "model/columns model/eras",
    "transform/test_duplicates": "transform/arrow",
    "transform/test_month_file": "model/origin",
    "transform/test_reading": (
        "transform/block transform/csv_input transform/numbers transform/texts transform/type_conversion"
    ),
}
"""Test module -> the modules without one of their own that it fails for when they are broken, if no other test does."""
ELSEWHERE = {module: test for test, modules in HELD_BY.items() for module in modules.split()}


@cache
def _modules() -> list[str]:
    """The modules of the package that hold code; an `__init__` often holds a docstring only."""
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]
    return [
        str(path.relative_to(PACKAGE).with_suffix(""))
        for path in paths
        if len(ast.parse(path.read_text(encoding="utf-8")).body) > 1
    ]


def _own_test(module: str) -> Path:
    path = TESTS / module
    return path.with_name(f"test_{path.name}.py")


def test_every_module_has_its_test_module_or_one_that_is_named_here() -> None:
    assert [module for module in _modules() if not _own_test(module).exists() and module not in ELSEWHERE] == []


def test_every_module_named_here_exists_and_has_no_test_module_of_its_own() -> None:
    assert [module for module in ELSEWHERE if module not in _modules() or _own_test(module).exists()] == []


def test_every_test_named_here_exists() -> None:
    assert [test for test in HELD_BY if not (TESTS / f"{test}.py").exists()] == []


def test_no_module_is_named_twice() -> None:
    assert len(ELSEWHERE) == sum(len(modules.split()) for modules in HELD_BY.values())
