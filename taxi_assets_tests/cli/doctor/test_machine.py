"""What the check-up tells of this machine: folders that cannot be written, Dagster's history, packages."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from taxi_assets.cli.doctor import machine
from taxi_assets.cli.doctor.findings import Question, findings
from taxi_assets.settings import Settings


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """Where not even root can write; needs the right to mount."""
    disk = tmp_path / "read_only"
    disk.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(disk)], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a disk here: one that cannot be written cannot be tried")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_python_and_the_packages_of_this_environment_are_fine() -> None:
    assert machine.python().state == "ok"
    assert machine.packages(Settings()).state == "ok"
    assert "dagster 1.13" in machine.packages(None).found


def test_the_wheel_of_postgres_may_be_missing_and_other_packages_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "requires", lambda _name: ["embedded-postgres-of-nobody>=1"])
    assert "embedded-postgres-of-nobody is not installed" in machine.packages(Settings()).found

    def version(name: str) -> str:
        if name == "embedded-postgres":
            raise PackageNotFoundError(name)
        return "1.13"

    monkeypatch.setattr(machine, "requires", lambda _name: ["embedded-postgres>=18"])
    monkeypatch.setattr(machine, "version", version)
    assert machine.packages(Settings()).state == "ok"


def test_a_home_that_is_not_there_yet_is_fine_and_is_not_made(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "deep" / "taxi")
    assert "will be created" in machine.home(settings).found
    assert machine.disk(settings).state == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_is_there_is_left_as_it_was(tmp_path: Path) -> None:
    assert machine.home(Settings(home=tmp_path)).found == f"{tmp_path} is writable"
    assert list(tmp_path.iterdir()) == []


def test_a_home_below_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    [(_, found)] = findings(
        [Question("home", lambda: machine.home(Settings(home=tmp_path / "file" / "taxi")))], seconds=240
    )
    assert found.state == "problem"


def test_a_home_on_a_read_only_disk_is_a_problem(read_only_disk: Path) -> None:
    [(_, found)] = findings(
        [Question("home", lambda: machine.home(Settings(home=read_only_disk / "taxi")))], seconds=240
    )
    assert found.state == "problem"
    assert "Read-only file system" in found.found


def test_a_small_disk_is_a_problem_that_says_what_a_month_takes(small_disk: Path) -> None:
    found = machine.disk(Settings(home=small_disk))
    assert found.state == "problem"
    assert "a yellow month takes about 1.4 GB here" in found.found


def test_a_month_takes_less_here_where_its_destinations_are_elsewhere(tmp_path: Path) -> None:
    own = dataclasses.replace(
        Settings(home=tmp_path), external_postgres=True, gcs_bucket="bucket", gcp_project="project", bq_dataset="trips"
    )
    assert "a yellow month takes about 0.3 GB here" in machine.disk(own).found


def test_the_history_of_runs_is_opened_where_dagster_would(tmp_path: Path) -> None:
    assert machine.history({"DAGSTER_HOME": str(tmp_path)}).found == f"{tmp_path}: 0 runs, 0.0 GB"


def test_a_large_history_is_a_problem_that_names_the_job_which_makes_it_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "LARGE_HISTORY", 1)
    found = machine.history({"DAGSTER_HOME": str(tmp_path)})
    assert found.state == "problem"
    assert "housekeeping" in found.advice


def test_a_folder_without_a_history_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "no dagster.yaml here" in machine.history({}).found
    assert machine.history({"DAGSTER_HOME": str(tmp_path / "gone")}).state == "problem"
