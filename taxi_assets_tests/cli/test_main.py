"""What one can rely on of `taxi-assets` itself: its help, its arguments, and what it exits with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from taxi_assets.cli.__main__ import main

ROOT = Path(__file__).parents[2]
COMMANDS = {"catalogue", "doctor", "key", "postgres", "sample", "show", "why"}
HEAVY = {"dagster", "duckdb", "numpy", "pandas", "psycopg", "pyarrow", "requests"}


def test_help_lists_the_commands_each_with_a_whole_sentence() -> None:
    done = CliRunner().invoke(main, ["--help"])
    assert done.exit_code == 0
    listed = dict(line.split(maxsplit=1) for line in done.output.partition("Commands:\n")[2].splitlines())
    assert set(listed) == COMMANDS
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in listed.values())


@pytest.mark.parametrize("arguments", [[], ["postgres"], ["show"]], ids=" ".join)
def test_help_is_quick_for_it_loads_no_library_that_a_command_works_with(arguments: list[str]) -> None:
    program = f"""
import sys
from taxi_assets.cli.__main__ import main
try:
    main([*sys.argv[1:], "--help"])
finally:
    assert not {HEAVY} & set(sys.modules), {HEAVY} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("command", ["key", "show", "why", "sample"])
@pytest.mark.parametrize(
    ("dataset", "month", "said"),
    [
        ("blue", "2021-01", "'blue' is not one of 'fhv', 'fhvhv', 'green', 'yellow'"),
        ("green", "21", "write it as 2021-01"),
        ("green", "2013-07", "green has the months 2013-08 to "),
        ("green", "2099/1", "There is no green 2099-01: green has the months 2013-08 to "),
    ],
)
def test_a_wrong_dataset_or_month_is_a_usage_error_that_says_what_is_right(
    command: str, dataset: str, month: str, said: str
) -> None:
    done = CliRunner().invoke(main, [command, dataset, month])
    assert done.exit_code == 2
    assert said in done.output


@pytest.mark.parametrize("month", ["2021-07", "2021-7", "2021/07", "202107", "2021-07-01"])
def test_a_month_is_taken_as_people_type_it(month: str) -> None:
    assert CliRunner().invoke(main, ["key", "green", month]).output == "2021-07-01\n"


@pytest.mark.parametrize("command", ["show", "why"])
def test_a_wrong_setting_ends_a_command_with_its_name(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAXI_PUBLISHER", "tlcc")
    done = CliRunner().invoke(main, [command, "green", "2020-04"])
    assert done.exit_code == 1
    assert "TAXI_PUBLISHER: 'tlcc' is not a publisher" in done.output


@pytest.mark.parametrize(
    "program", [["taxi_assets.cli", "postgres"], ["taxi_assets.resources.embedded_postgres"]], ids=" ".join
)
def test_the_local_postgres_has_the_same_command_at_both_of_its_names(program: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", *program, "status", str(tmp_path / "none")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "The server is not running.\n")


def test_the_catalogue_is_printed_as_it_is_kept_in_docs() -> None:
    done = CliRunner().invoke(main, ["catalogue"])
    assert (done.exit_code, done.output) == (0, (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8"))
