"""docs/how-to/column.md: a described column is in the tables, the catalogue and the sample, and warned of no more."""

from __future__ import annotations

import json
import re
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
from taxi_assets_tests.helpers.run_month import checks, metadata, run_month

result = run_month(Settings.from_env(), "yellow", "2026-08")
columns = metadata(result, "clean_trips")["dagster/column_schema"].columns
lineage = metadata(result, "clean_trips")["dagster/column_lineage"].deps_by_column
print(json.dumps({
    "unknown": checks(result)["clean_trips no_unknown_columns"].description,
    "description": next(column.description for column in columns if column.name == "accessibility_fee"),
    "lineage": [dep.column_name for dep in lineage["accessibility_fee"]],
}))
"""
LOAD = RUN.partition("columns =")[0]
CARRIED = '    "accessibility_fee": (Kind.LONG, lambda chunk: chunk.all(1)),\n'
UNDESCRIBED = """
from pathlib import Path
from taxi_assets.model.datasets import YELLOW_TAXI
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.generator import write_sample

write_sample(YELLOW_TAXI, Month(2026, 7), Path("july.parquet"), rows=300, file_format="parquet")
write_sample(YELLOW_TAXI, Month(2026, 8), Path("august.parquet"), rows=300, file_format="parquet")
"""


def _fees(postgres_url: str, schema: str) -> dict[tuple[str, float | None], int]:
    """Rows by their month and their fee."""
    table = Identifier(schema, "yellow_taxi_trips")
    query = SQL("SELECT trip_month::text, accessibility_fee, count(*) FROM {} GROUP BY 1, 2").format(table)
    with psycopg.connect(postgres_url) as connection:
        return {(month, fee): rows for month, fee, rows in connection.execute(query)}


def _edit(path: Path, found: str, replacement: str) -> None:
    text, edits = re.subn(found, replacement, path.read_text(encoding="utf-8"), count=1)
    assert edits == 1, f"{found} is not in {path.name}"
    path.write_text(text, encoding="utf-8")


def test_a_described_column_is_in_the_tables_and_no_warning_any_more(
    tmp_path: Path, settings: Settings, postgres_url: str
) -> None:
    package = edited_package("column", tmp_path)
    run = run_python(package, ["-c", RUN], settings)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    assert found["unknown"].startswith("New: request_source.")
    assert found["description"] == "Fee for wheelchair-accessible cabs, since August 2026. In US dollars."
    assert found["lineage"] == ["accessibility_fee"]
    fees = _fees(postgres_url, settings.postgres_schema)
    assert max(fees, key=lambda key: fees[key]) == ("2026-08-01", 0.25)
    assert sum(fees.values()) > 1_900


def test_the_edits_leave_the_package_in_order(tmp_path: Path, settings: Settings) -> None:
    package = edited_package("column", tmp_path)
    catalogue = run_python(package, ["-m", "taxi_assets.cli", "catalogue"], settings)
    assert catalogue.returncode == 0, catalogue.stderr
    assert "| `accessibility_fee` | `accessibility_fee` |  | 2026-08 to today |" in catalogue.stdout
    tests = ["taxi_assets_tests/transform/test_column_mapping.py", "taxi_assets_tests/model/test_datasets.py"]
    checked = run_python(package, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "every", *tests], settings)
    assert checked.returncode == 0, checked.stdout


def test_without_made_up_values_only_months_with_the_column_fail_and_say_so(tmp_path: Path, settings: Settings) -> None:
    package = edited_package("column", tmp_path, leaving_out="taxi_assets/publishers/sample")
    run = run_python(package, ["-c", UNDESCRIBED], settings)
    assert (package / "july.parquet").exists()
    assert "YELLOW_TRIPS makes no values for accessibility_fee of yellow 2026-08" in run.stderr.splitlines()[-1]


def test_a_column_that_was_carried_along_takes_the_type_that_it_is_described_with(
    tmp_path: Path, settings: Settings, postgres_url: str
) -> None:
    carried, described = (tmp_path / name for name in ("carried", "described"))
    edited_package("column", carried)
    _edit(carried / "taxi_assets/model/columns.py", "    _ACCESSIBILITY_FEE,\n", "")
    _edit(carried / "taxi_assets/publishers/sample/undescribed.py", '    "request_source":', f"{CARRIED}    \\g<0>")
    assert run_python(carried, ["-c", LOAD], settings).returncode == 0
    assert all(isinstance(fee, str | None) for _, fee in _fees(postgres_url, settings.postgres_schema))
    edited_package("column", described)
    again = run_python(described, ["-c", LOAD], settings)
    assert again.returncode == 0, again.stderr[-2_000:]
    fees = _fees(postgres_url, settings.postgres_schema)
    assert max(fees, key=lambda key: fees[key]) == ("2026-08-01", 0.25)
