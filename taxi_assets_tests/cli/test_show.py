"""Every command that `show` prints, and every query in the metadata, runs as it stands, whatever the names are."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from taxi_assets.cli.show import report
from taxi_assets.metadata.places import shell_quoted
from taxi_assets.model.datasets import GREEN_TAXI
from taxi_assets.model.months import Month
from taxi_assets.resources.embedded_postgres.programs import find_programs
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets.settings import POSTGRES_URL, Settings
from taxi_assets_tests.helpers.run_month import metadata, run_month

ODD = 'it\'s $HOME "here"'
PROGRAMS = find_programs()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Settings]:
    """Everything local, in a folder and a schema whose names need quotes everywhere."""
    home = tmp_path / ODD
    settings = Settings(home=home, sample_rows=300, postgres_schema='Taxi "Trips"')
    yield settings
    EmbeddedPostgres(home / "postgres").stop()


def shell(command: str, **environment: str) -> str:
    """What the command prints, given to a shell as it stands."""
    path = f"{PROGRAMS.folder}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-uc", command], env={**os.environ, "PATH": path, "PAGER": "cat", **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def commands(printed: str) -> dict[str, str]:
    """The command or path in each row of the table, by place."""
    table = [line.split(maxsplit=3) for line in printed.splitlines() if " rows   " in line]
    return {place: command for place, _, _, command in table}


@pytest.mark.slow
def test_what_show_prints_runs_in_a_shell_from_a_folder_with_blanks_and_quotes_in_its_name(local: Settings) -> None:
    result = run_month(local, "green", "2020-04")
    printed = commands(report(local, GREEN_TAXI, Month(2020, 4)))
    assert list(printed) == ["published", "clean", "quarantine", "bucket", "warehouse", "Postgres"]
    for place in ("published", "clean", "quarantine", "bucket"):
        assert Path(shell(f"ls {printed[place]}").rstrip("\n")).is_file()
    assert "pickup_datetime" in shell(printed["warehouse"])
    assert "(5 rows)" in shell(printed["Postgres"])
    query = metadata(result, "postgres_table")["query"]
    url = EmbeddedPostgres(local.postgres).start()
    with psycopg.connect(url) as connection:
        assert len(connection.execute(query).fetchall()) > 250


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg2", "postgres"])
def test_what_show_prints_of_a_server_of_your_own_runs_with_every_form_of_its_url(
    settings: Settings, postgres_url: str, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    url = postgres_url.replace("postgresql:", f"{scheme}:", 1)
    monkeypatch.setenv(POSTGRES_URL, url)
    named = f"{settings.postgres_schema} X"
    mine = replace(settings, postgres_schema=named, sample_rows=300)
    try:
        run_month(mine, "green", "2020-04", assets=["raw_trips", "clean_trips", "postgres_table"])
        command = commands(report(mine, GREEN_TAXI, Month(2020, 4)))["Postgres"]
        assert "(5 rows)" in shell(command, **{POSTGRES_URL: url})
    finally:
        with psycopg.connect(make_conninfo(postgres_url), autocommit=True) as connection:
            connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(named)))


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("plain", "plain"),
        ('SELECT * FROM "T"', "'SELECT * FROM \"T\"'"),
        ("trip_month = '2020-04-01'", "\"trip_month = '2020-04-01'\""),
        ("'$HOME'", "''\"'\"'$HOME'\"'\"''"),
    ],
)
def test_a_word_of_a_shell_command_stays_readable(text: str, quoted: str) -> None:
    assert shell_quoted(text) == quoted
    assert shell(f"printf %s {shell_quoted(text)}") == text
