"""An embedded Postgres in tests: asked from another process, given rows to keep, and looked at from outside."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from taxi_assets.resources.embedded_postgres.command import postgres as postgres_command
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres

PROJECT = Path(__file__).parents[2]
MODULE = "taxi_assets.resources.embedded_postgres"
START_AND_STAY = f"import sys, time; from {MODULE}.server import *; from pathlib import Path; " + (
    "print(EmbeddedPostgres(Path(sys.argv[1])).start(), flush=True); time.sleep(600)"
)


def command(action: str, server: EmbeddedPostgres) -> list[str]:
    """The command line that does `start`, `status` or `stop` with a server."""
    return [sys.executable, "-m", MODULE, action, str(server.folder)]


def main(arguments: list[str]) -> int | str | None:
    """Gives the command to this process; returns what it exits with: 0, or 1, or an error's text, which counts as 1."""
    with pytest.raises(SystemExit) as ended:
        postgres_command(arguments)
    return ended.value.code


def in_another_process(action: str, server: EmbeddedPostgres) -> str:
    """What the command prints; returns only when nobody holds the other ends of its pipes any more."""
    done = subprocess.run(command(action, server), cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def postmaster(server: EmbeddedPostgres) -> int:
    """The process id of the running server."""
    return int((server.folder / "data" / "postmaster.pid").read_text().split()[0])


def port_of(url: str) -> int:
    """The port that a URL names."""
    port = sqlalchemy.make_url(url).port
    assert port is not None
    return port


def save(url: str, value: int) -> None:
    """Commits a row that a server must still have later."""
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists saved (value int)")
        connection.execute("insert into saved values (%s)", [value])


def saved(url: str) -> list[int]:
    """The values of all rows that `save` committed."""
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("select value from saved order by value")]


def starts(server: EmbeddedPostgres) -> int:
    """How often the server has been started since its log began."""
    return (server.folder / "log").read_text().count("starting PostgreSQL")


def wait_for(happened: Callable[[], bool], seconds: float = 20) -> None:
    """Returns once something has happened; fails when it has not in so many seconds."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)
