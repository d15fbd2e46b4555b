"""The servers that tests run on, each started once: Postgres, Google's protocols, Dagster; and the tests' markers."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets.settings import POSTGRES_URL, Settings
from taxi_assets_tests.helpers.dagster_dev import DagsterDev, start_dagster_dev
from taxi_assets_tests.servers.bigquery import BigQueryServer
from taxi_assets_tests.servers.bigquery_environment import find_python313
from taxi_assets_tests.servers.gcs import GcsServer
from taxi_assets_tests.servers.google_login import GoogleLogin

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=10_000)
hypothesis.settings.load_profile("suite")

MARKERS = {"bigquery_server": "emulator", "dagster_dev": "daemon", "real_data": "real_data"}
"""The marker of every test that asks for a fixture, be it through another one."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests by their fixtures, before `-m` chooses among them, and puts the longest modules first.

    Side by side, a long module that comes last is waited for by all others.
    """
    for item in items:
        for name in MARKERS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKERS[name])
    rank = {"daemon": 0, "browser": 0, "slow": 1, "emulator": 1, "real_data": 1}
    longest: dict[Path, int] = {}
    for item in items:
        longest[item.path] = min([longest.get(item.path, 2), *(rank.get(mark.name, 2) for mark in item.iter_markers())])
    items.sort(key=lambda item: longest[item.path])


@pytest.fixture(autouse=True, scope="session")
def no_proxy_to_this_machine() -> None:
    """Keeps requests to the tests' servers on loopback, wherever the user's proxy settings point."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 3 MB; needs the right to mount."""
    disk = tmp_path / "small_disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a small disk here: a full disk cannot be tried")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server: your own by TAXI_POSTGRES_URL, or the embedded one."""
    own = os.environ.get(POSTGRES_URL)
    if own:
        yield own
        return
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"))
    yield server.start()
    server.stop()


@pytest.fixture
def postgres_schema(postgres_url: str) -> Iterator[str]:
    """A schema that nobody else uses; gone after the test."""
    name = f"test_{secrets.token_hex(6)}"
    yield name
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(name)))


@pytest.fixture
def settings(tmp_path: Path, postgres_url: str, postgres_schema: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with everything local and months of 2,000 made-up trips."""
    monkeypatch.setenv(POSTGRES_URL, postgres_url)
    return Settings(
        home=tmp_path / "taxi",
        sample_rows=2_000,
        sample_anywhere=True,
        external_postgres=True,
        postgres_schema=postgres_schema,
    )


@pytest.fixture(scope="session")
def dagster_dev(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[DagsterDev]:
    """`dagster dev`, UI and daemon; each test module that uses it takes datasets that no other takes."""
    schema = f"test_{secrets.token_hex(6)}"
    with start_dagster_dev(tmp_path_factory.mktemp("dagster_dev"), postgres_url, schema) as dev:
        yield dev
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcsServer]:
    with GcsServer(tmp_path_factory.mktemp("gcs")) as server:
        yield server


@pytest.fixture(scope="session")
def bigquery_server(tmp_path_factory: pytest.TempPathFactory, gcs_server: GcsServer) -> Iterator[BigQueryServer]:
    if find_python313() is None:
        pytest.skip("the BigQuery server of the tests needs a Python 3.13 beside this one, and there is none")
    with BigQueryServer(tmp_path_factory.mktemp("bigquery"), gcs_server.url) as server:
        yield server


@pytest.fixture(scope="session")
def google_login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoogleLogin]:
    with GoogleLogin(tmp_path_factory.mktemp("login")) as login:
        yield login


@pytest.fixture
def gcs(gcs_server: GcsServer, google_login: GoogleLogin, monkeypatch: pytest.MonkeyPatch) -> GcsServer:
    """The local storage server, which Google's client now finds as it would find the real one."""
    gcs_server.clear()
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(google_login.key_file))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server.url)
    return gcs_server


@pytest.fixture
def bigquery(bigquery_server: BigQueryServer, gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> BigQueryServer:
    """The local BigQuery server, which Google's client now finds as it would find the real one."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bigquery_server.url)
    return bigquery_server


@pytest.fixture
def bucket(gcs: GcsServer, google_login: GoogleLogin) -> str:
    """The name of a new bucket."""
    from google.cloud import storage  # noqa: PLC0415 a second that most tests can do without

    name = f"test-{secrets.token_hex(6)}"
    storage.Client(project=google_login.project).create_bucket(name)
    return name


@pytest.fixture
def google_settings(settings: Settings, bucket: str, bigquery: BigQueryServer, google_login: GoogleLogin) -> Settings:
    """The settings of `settings`, with a bucket and BigQuery in place of local folders."""
    return replace(
        settings, gcs_bucket=bucket, gcp_project=google_login.project, bq_dataset=f"test_{secrets.token_hex(6)}"
    )


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published files that TAXI_REAL_DATA names."""
    folder = os.environ.get("TAXI_REAL_DATA")
    if not folder:
        pytest.skip("TAXI_REAL_DATA names no folder of published files")
    return Path(folder).resolve()
