"""What loading the project imports, and what it leaves until it is used: seconds of every command and every run."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
LOCAL = {"duckdb", "taxi_assets.destinations.duckdb", "taxi_assets.io_managers.duckdb"}
"""The local warehouse, which definitions without BigQuery import."""


def _imported(module: str, among: set[str]) -> set[str]:
    """Which of these modules a new Python has imported after it imported `module`, with no setting of the user's."""
    program = f"import sys, {module}; print(*sys.modules)"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TAXI_", "GCP_"))}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=env, text=True, check=True)
    return among & set(done.stdout.split())


@pytest.mark.slow
def test_definitions_import_nothing_at_the_start_that_ruff_bans_there() -> None:
    banned = tomllib.loads(PYPROJECT.read_text())["tool"]["ruff"]["lint"]["flake8-tidy-imports"]
    lazy = set(banned["banned-module-level-imports"]) - LOCAL
    assert "pandas" in lazy
    assert _imported("taxi_assets.definitions", lazy) == set()


@pytest.mark.parametrize("module", ["taxi_assets.settings", "taxi_assets.model.datasets"])
def test_settings_and_datasets_import_neither_dagster_nor_arrow(module: str) -> None:
    assert _imported(module, {"dagster", "numpy", "pandas", "pyarrow"}) == set()
