"""Dagster as in production: deploy/dagster.yaml, its history in Postgres, webserver and daemon each by itself."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from taxi_assets.settings import HISTORY_URL
from taxi_assets_tests.helpers.dagster_dev import (
    ROOT,
    DagsterDev,
    address,
    dev_site,
    environment_of,
    loaded,
    program,
    running,
)

WEBSERVER_LOG = "webserver.log"


@contextlib.contextmanager
def start_deployment(folder: Path, postgres_url: str, postgres_schema: str, history_url: str) -> Iterator[DagsterDev]:
    """Starts webserver and daemon with deploy/dagster.yaml, both at once over an empty database, until the block ends.

    The log is the daemon's; the webserver's is WEBSERVER_LOG beside it.
    """
    instance = folder / "deploy"
    instance.mkdir()
    shutil.copy(ROOT / "deploy" / "dagster.yaml", instance)
    with dev_site(folder, postgres_schema, "daemon.log") as dev:
        environment = {
            **environment_of(folder, dev.settings, postgres_url),
            "DAGSTER_HOME": str(instance),
            HISTORY_URL: history_url,
        }
        webserver: list[str | Path] = [program("dagster-webserver"), *address(dev), "-w", "workspace.yaml"]
        daemon: list[str | Path] = [sys.executable, "-m", "dagster._daemon", "run", "-w", "workspace.yaml"]
        with (
            running(webserver, folder, folder / WEBSERVER_LOG, environment) as process,
            running(daemon, folder, dev.log, environment),
        ):
            dev.until("the webserver to load the assets", lambda: loaded(dev, process))
            yield dev


@contextlib.contextmanager
def empty_database(postgres_url: str) -> Iterator[str]:
    """The URL of a database of its own on the server, until the block ends; skips the test where none can be made."""
    name = f"dagster_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        try:
            connection.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            pytest.skip("the user of TAXI_POSTGRES_URL may not make a database: no history can be kept in one")
        try:
            yield urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
