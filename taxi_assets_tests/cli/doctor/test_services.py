"""What the check-up tells of publishers and Postgres servers, those that work and those that do not."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from taxi_assets.cli.doctor import services
from taxi_assets.cli.doctor.findings import Finding, Question, findings
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets.settings import POSTGRES_URL, Settings
from taxi_assets_tests.helpers.published_files import Folder
from taxi_assets_tests.servers.publisher import PublisherServer


def _published(name: str) -> Finding:
    [(_, found)] = findings([Question("publisher", lambda: services.published(Settings(publisher=name)), seconds=60)])
    return found


def _own(url: str, schema: str = "public") -> Finding:
    settings = Settings(external_postgres=True, postgres_schema=schema)
    return services.postgres(settings, {POSTGRES_URL: url})


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[PublisherServer]:
    with PublisherServer(Folder.at(tmp_path / "site").root) as publisher:
        yield publisher


def test_a_publisher_that_has_its_known_month_is_fine(publisher: PublisherServer) -> None:
    found = _published(publisher.url)
    assert (found.state, found.found) == (
        "ok",
        f"{publisher.url}: {publisher.url}/trip-data/yellow_tripdata_2023-01.parquet is there",
    )
    assert _published("sample").state == "ok"


def test_a_publisher_that_refuses_us_is_a_problem(publisher: PublisherServer) -> None:
    publisher.block()
    found = _published(publisher.url)
    assert found.state == "problem"
    assert "refuses us" in found.found
    assert "proxy" in found.advice


def test_a_publisher_that_is_not_there_or_has_nothing_is_a_problem(tmp_path: Path) -> None:
    assert "cannot be reached" in _published("http://127.0.0.1:1").found
    assert "has yellow neither for 2023-01 nor for 2020-01" in _published(tmp_path.as_uri()).found


def test_a_server_of_your_own_is_fine(postgres_url: str, postgres_schema: str) -> None:
    found = _own(postgres_url, postgres_schema)
    assert found.state == "ok"
    assert found.found.startswith("PostgreSQL ")
    assert _own(postgres_url.replace("postgresql:", "postgresql+psycopg2:"), postgres_schema) == found


def test_a_server_that_does_not_answer_is_a_problem() -> None:
    found = _own("postgresql://taxi:canary@127.0.0.1:1/trips")
    assert found.state == "problem"
    assert "127.0.0.1" in found.found
    assert POSTGRES_URL in found.advice


def test_a_user_who_may_not_make_tables_is_told_which_right_is_missing(postgres_url: str, postgres_schema: str) -> None:
    role = Identifier(f"reader_{postgres_schema}")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(postgres_schema)))
        connection.execute(SQL("CREATE ROLE {} LOGIN PASSWORD 'canary'").format(role))
        place = f"{connection.info.host}:{connection.info.port}/{connection.info.dbname}"
    try:
        url = f"postgresql://reader_{postgres_schema}:canary@{place}"
        for schema in (postgres_schema, "not_there_yet"):
            found = _own(url, schema)
            assert found.state == "problem"
            assert found.advice.startswith(f"GRANT CREATE ON SCHEMA {schema} TO reader_{postgres_schema}")
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(SQL("DROP ROLE {}").format(role))


@pytest.mark.parametrize(
    "password", ["can@ary", "can/ary", "12/34", "can?ary", "can ary", "can%ary", "can@ary/x", "[canary", "can:ary@x"]
)
def test_a_password_that_is_not_escaped_is_a_problem_and_no_part_of_it_is_shown(password: str) -> None:
    found = _own(f"postgresql://taxi:{password}@127.0.0.1:1/trips")
    assert found.state == "problem"
    assert "ary" not in found.found + found.advice
    assert "34" not in found.found


def test_a_local_server_that_runs_is_found_and_one_that_does_not_is_tried_and_not_left(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "taxi")
    assert services.postgres(settings, {}).found.startswith("local; starts when it is needed: PostgreSQL ")
    assert list(tmp_path.iterdir()) == []
    server = EmbeddedPostgres(settings.home / "postgres")
    server.start()
    try:
        assert "running" in services.postgres(settings, {}).found
    finally:
        server.stop()


def test_a_slower_encoder_is_told(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pgpq" not in _own(postgres_url).found
    monkeypatch.setitem(sys.modules, "pgpq", None)
    assert _own(postgres_url).found.endswith("without the package pgpq loading a month takes half as long again")


def test_alerts_that_nobody_gets_are_no_problem() -> None:
    assert services.webhook(Settings()).state == "off"
    assert services.webhook(dataclasses.replace(Settings(), alert_webhook=True)).state == "ok"
