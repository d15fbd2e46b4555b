"""What another project can rely on: the names that taxi_assets exports, cheaply and with their types."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from configparser import ConfigParser
from importlib import import_module
from pathlib import Path
from zipfile import ZipFile

import click
import pyarrow
import pytest

import taxi_assets

ROOT = Path(__file__).parents[1]
EXPORTED = {
    "DATASETS",
    "Dataset",
    "Month",
    "MonthFile",
    "MonthFiles",
    "Settings",
    "WarehouseMonth",
    "bound_libraries",
    "build_definitions",
    "months_of",
    "register",
}
BUILD = "import sys; from flit_core.buildapi import build_wheel; print(build_wheel(sys.argv[1]))"
USERS_MODULE = """
import pandas as pd
from taxi_assets import DATASETS, Dataset, Month, Settings, WarehouseMonth, bound_libraries

def trips_of(month: WarehouseMonth) -> pd.DataFrame:
    return month.query("SELECT 1 FROM trips")

bound_libraries()
yellow: Dataset = DATASETS["yellow"]
first: Month = yellow.first_month
rows: int = Settings.from_env().sample_rows
wrong: str = Settings.from_env().sample_rows
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    """The package as it is published."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run([sys.executable, "-c", BUILD, folder], cwd=ROOT, check=True, capture_output=True, text=True)
    with ZipFile(folder / done.stdout.split()[-1]) as opened:
        yield opened


def test_these_names_are_exported_and_each_is_there() -> None:
    assert set(taxi_assets.__all__) == EXPORTED
    assert set(dir(taxi_assets)) >= EXPORTED
    for name in EXPORTED:
        assert getattr(taxi_assets, name).__class__.__name__ != "module"


def test_a_name_that_is_not_exported_is_an_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="module 'taxi_assets' has no attribute 'no_such'"):
        getattr(taxi_assets, "no_such")  # noqa: B009 mypy would refuse the attribute
    with pytest.raises(ImportError, match="no_such"):
        exec("from taxi_assets import no_such")  # noqa: S102 a text of this test


def test_importing_the_package_loads_next_to_nothing_and_leaves_the_environment_alone() -> None:
    program = """
import os, sys
before = dict(os.environ)
import taxi_assets
assert os.environ == before
print({"dagster", "pyarrow", "numpy", "pandas"} & set(sys.modules))
taxi_assets.Month, taxi_assets.DATASETS, taxi_assets.Settings
print({"dagster", "pyarrow", "numpy", "pandas"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=_unbounded(), check=True, capture_output=True, text=True
    )
    assert done.stdout == "set()\nset()\n"


@pytest.mark.slow
def test_definitions_are_bounded_and_a_project_of_ones_own_is_by_one_call() -> None:
    pool = "jemalloc" if sys.platform == "linux" else pyarrow.default_memory_pool().backend_name
    for first_line in ("import taxi_assets.definitions", "import taxi_assets; taxi_assets.bound_libraries()"):
        program = (
            f"{first_line}\nimport pyarrow; print(pyarrow.cpu_count(), pyarrow.default_memory_pool().backend_name)"
        )
        for given, threads in (({}, 2), ({"OMP_NUM_THREADS": "3"}, 3)):
            done = subprocess.run(
                [sys.executable, "-c", program],
                cwd=ROOT, env=_unbounded() | given, check=True, capture_output=True, text=True,
            )  # fmt: skip
            assert done.stdout == f"{threads} {pool}\n"


def test_the_wheel_says_that_it_is_typed_and_brings_the_command(wheel: ZipFile) -> None:
    names = wheel.namelist()
    assert "taxi_assets/py.typed" in names
    [entry_points] = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
    parsed = ConfigParser()
    parsed.read_string(wheel.read(entry_points).decode())
    module, _, function = parsed["console_scripts"]["taxi-assets"].partition(":")
    assert isinstance(getattr(import_module(module), function), click.Command)


@pytest.mark.slow
def test_mypy_sees_the_types_in_a_project_that_uses_the_wheel(wheel: ZipFile, tmp_path: Path) -> None:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed: what it sees cannot be tried (it comes with make lint)")
    site, module = tmp_path / "site", tmp_path / "project" / "users.py"
    wheel.extractall(site)
    module.parent.mkdir()
    module.write_text(USERS_MODULE)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    [packages] = (tmp_path / "venv").glob("lib/python*/site-packages")
    (packages / "installed.pth").write_text(f"{site}\n{sysconfig.get_path('purelib')}\n")
    python = tmp_path / "venv" / "bin" / "python"
    # What Dagster and pandas say of themselves is theirs; reading all of it would take a minute.
    options = ["--strict", "--follow-imports=silent", "--cache-dir", str(tmp_path / "cache"), "--python-executable"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(python), str(module)],
        cwd=module.parent, env={**os.environ, "PYTHONPATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[:-1] == [
        'users.py:12: error: Incompatible types in assignment (expression has type "int", variable has type "str")'
        "  [assignment]"
    ], done.stdout + done.stderr


def _unbounded() -> dict[str, str]:
    """The environment without the bounds that this process may have set for itself."""
    bounds = ("OMP_NUM_THREADS", "ARROW_DEFAULT_MEMORY_POOL")
    kept = {name: text for name, text in os.environ.items() if name not in bounds and not name.startswith("TAXI_")}
    return {**kept, "PYTHONPATH": str(ROOT)}
