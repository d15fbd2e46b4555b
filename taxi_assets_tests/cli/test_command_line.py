"""What people type: dagster job execute, dagster definitions validate, the programs of the package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dagster import DagsterInstance

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TAXI_ASSETS = ("python", "-m", "taxi_assets.cli")
WARNING = re.compile(r"\w*Warning: .*|\bWARNING\b.*")
DAGSTERS_OWN = (
    # Said of every command that dg, which does not read workspace.yaml by itself, has another for.
    "SupersessionWarning: Function `job_execute_command` is superseded",
    "SupersessionWarning: Function `definitions_validate_command` is superseded",
    # Its ConfigurableResource reads what it calls deprecated, for every resource that holds another.
    "DeprecationWarning: InitResourceContext.dagster_run is deprecated",
)


@pytest.fixture
def environment(tmp_path: Path, postgres_url: str, postgres_schema: str) -> dict[str, str]:
    """A shell's environment with a home of its own for state and history, where the commands are given."""
    shutil.copy(ROOT / "workspace.yaml", tmp_path)
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("TAXI_", "GCP_", "DAGSTER_"))}
    return {
        **mine,
        "TAXI_HOME": str(tmp_path / "taxi"),
        "TAXI_SAMPLE_ROWS": "1000",
        "TAXI_SAMPLE_ANYWHERE": "true",
        "TAXI_POSTGRES_URL": postgres_url,
        "TAXI_POSTGRES_SCHEMA": postgres_schema,
        "DAGSTER_HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PYTHONWARNINGS": "error::ResourceWarning",
    }


def _call(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    dagster = Path(sys.executable).with_name("dagster")
    program = [str(dagster), *command[1:]] if command[0] == "dagster" else [sys.executable, *command[1:]]
    # Not in the project's folder: Dagster would read a .env that somebody has there.
    folder = environment["DAGSTER_HOME"]
    return subprocess.run(program, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def _execute(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    job = ("dagster", "job", "execute", "-m", "taxi_assets.definitions", "-j", "green_trips")
    return _call(environment, *job, *arguments)


def test_dagster_job_execute_runs_a_month_and_show_counts_it(environment: dict[str, str]) -> None:
    run = _execute(environment, "--tags", '{"dagster/partition": "2020-04-01"}')
    assert run.returncode == 0, run.stderr
    shown = _call(environment, *TAXI_ASSETS, "show", "green", "2020-04")
    assert "1,000 rows" in shown.stdout
    assert shown.stdout.count("rows") == 6
    assert environment["TAXI_POSTGRES_URL"] not in run.stderr + run.stdout + shown.stdout


def test_dagster_job_execute_takes_run_config_from_a_file(environment: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "try_out.yaml"
    config.write_text("ops:\n  green__clean_trips:\n    config: {profile: strict, first_rows: 200}\n")
    run = _execute(environment, "--tags", '{"dagster/partition": "2020-04-01"}', "-c", str(config))
    assert run.returncode == 0, run.stderr
    assert "A try-out: only the first 200 rows of the published file, not the whole month." in run.stderr
    assert "200 published" in run.stderr


def test_a_wrong_value_in_run_config_is_told_with_the_choices(environment: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "strickt.yaml"
    config.write_text("ops: {green__clean_trips: {config: {profile: strickt}}}\n")
    run = _execute(environment, "--tags", '{"dagster/partition": "2020-04-01"}', "-c", str(config))
    assert run.returncode != 0
    assert "Literal['default', 'strict', 'tutorial'] got strickt" in run.stderr


def test_dagster_job_execute_for_a_month_without_its_day_says_what_to_write_and_leaves_no_run(
    environment: dict[str, str],
) -> None:
    run = _execute(environment, "--tags", '{"dagster/partition": "2021-07"}')
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].endswith("write 2021-07-01 instead of 2021-07.")
    assert "Traceback" not in run.stderr
    with DagsterInstance.from_config(environment["DAGSTER_HOME"]) as instance:
        assert instance.get_runs() == []


def test_dagster_job_execute_without_a_month_says_how_to_give_one(environment: dict[str, str]) -> None:
    run = _execute(environment)
    assert run.returncode != 0
    assert "Launch it with the tag dagster/partition" in run.stderr


def test_a_wrong_setting_is_named(environment: dict[str, str]) -> None:
    run = _execute({**environment, "TAXI_PUBLISHER": "tlcc"}, "--tags", '{"dagster/partition": "2020-04-01"}')
    assert run.returncode != 0
    assert "TAXI_PUBLISHER: 'tlcc' is not a publisher" in run.stderr


def test_running_a_month_warns_of_nothing(environment: dict[str, str]) -> None:
    run = _execute({**environment, "PYTHONWARNINGS": "default"}, "--tags", '{"dagster/partition": "2020-04-01"}')
    assert (run.returncode, _warnings(run)) == (0, [])


def test_definitions_validate_and_warn_of_nothing(environment: dict[str, str]) -> None:
    validated = _call({**environment, "PYTHONWARNINGS": "default"}, "dagster", "definitions", "validate")
    assert (validated.returncode, _warnings(validated)) == (0, [])


def test_loading_the_definitions_neither_warns_nor_changes_what_is_warned_of(environment: dict[str, str]) -> None:
    # Some libraries change it when they are imported.
    program = """import dagster, numpy, requests, warnings
before = [*warnings.filters]
import taxi_assets.definitions
assert warnings.filters == before, warnings.filters"""
    loaded = _call(environment, "python", "-W", "error", "-c", program)
    assert (loaded.returncode, loaded.stderr) == (0, "")


def _warnings(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What a command warned of, in Python's way or in its log, beside what Dagster says of itself."""
    return [text for text in WARNING.findall(done.stdout + done.stderr) if not text.startswith(DAGSTERS_OWN)]


def test_loading_the_definitions_imports_neither_pandas_nor_google_clients(environment: dict[str, str]) -> None:
    program = "import sys, taxi_assets.definitions; print({'pandas', 'google.cloud'} & set(sys.modules))"
    assert _call(environment, "python", "-c", program).stdout.strip() == "set()"


def test_no_secret_reaches_the_history(environment: dict[str, str], tmp_path: Path) -> None:
    """The password is no password; the server, asked with it, refuses, and says so everywhere but for the secret."""
    canary = "canary-7c1f"
    url = f"postgresql://nobody:{canary}@127.0.0.1:1/none"
    run = _execute({**environment, "TAXI_POSTGRES_URL": url}, "--tags", '{"dagster/partition": "2020-04-01"}')
    assert run.returncode != 0
    assert canary not in run.stderr + run.stdout
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or canary.encode() not in path.read_bytes(), path


def test_a_failed_run_can_be_asked_why_and_answers_in_a_line(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").touch()  # without one Dagster says that there is none
    forgetful = {**environment, "TAXI_SAMPLE_ANYWHERE": ""}
    run = _execute(forgetful, "--tags", '{"dagster/partition": "2020-04-01"}')
    assert run.returncode != 0
    why = _call(forgetful, *TAXI_ASSETS, "why", "green", "2020-04")
    assert all("TAXI_POSTGRES_URL names a place of your own" in line for line in why.stderr.splitlines())
    assert {line.split(":")[0] for line in why.stderr.splitlines()} == {"green 2020-04, raw_trips", "taxi_zones"}
    other = _call(forgetful, *TAXI_ASSETS, "why", "green", "2020-05")
    assert other.stderr.startswith("The run could not start")
    misspelt = _call({**forgetful, "TAXI_PUBLISHERS": "tlc"}, *TAXI_ASSETS, "why", "green", "2020-04")
    assert misspelt.stderr == "TAXI_PUBLISHERS is no setting; did you mean TAXI_PUBLISHER?\n"
    assert environment["TAXI_POSTGRES_URL"] not in run.stderr + run.stdout + why.stderr
