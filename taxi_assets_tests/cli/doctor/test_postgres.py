"""What the check-up tells of Postgres servers, those that work and those that do not; nothing secret."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from taxi_assets.cli.doctor import machine, postgres
from taxi_assets.cli.doctor.findings import Finding, Question, findings
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets.settings import HISTORY_URL, POSTGRES_URL, Settings

DEPLOY = Path(__file__).parents[3] / "deploy"
CANARY = "canary-5b2e"


def _own(url: str, schema: str = "public") -> Finding:
    settings = Settings(external_postgres=True, postgres_schema=schema)
    asked = Question("Postgres", lambda: postgres.server(settings, {POSTGRES_URL: url}))
    [(_, finding)] = findings([asked], seconds=240)
    return finding


def _history(environment: Mapping[str, str]) -> Finding:
    asked = Question("history of runs", lambda: machine.history({"DAGSTER_HOME": str(DEPLOY), **environment}))
    [(_, finding)] = findings([asked], seconds=240)
    return finding


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
    assert postgres.server(settings, {}).found.startswith("local; starts when it is needed: PostgreSQL ")
    assert list(tmp_path.iterdir()) == []
    server = EmbeddedPostgres(settings.home / "postgres")
    server.start()
    try:
        assert "running" in postgres.server(settings, {}).found
    finally:
        server.stop()


def test_a_slower_encoder_is_told(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pgpq" not in _own(postgres_url).found
    monkeypatch.setitem(sys.modules, "pgpq", None)
    assert _own(postgres_url).found.endswith("without the package pgpq loading a month takes half as long again")


def test_a_history_without_its_url_is_a_problem_that_says_how_a_laptop_has_it() -> None:
    found = _history({})
    assert found.state == "problem"
    assert f"{HISTORY_URL} is not set" in found.found
    assert "STORAGE=postgres" in found.advice


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql+psycopg2://nobody:{CANARY}@127.0.0.1:1/none", "cannot be used"),
        (f"postgresql://nobody:{CANARY}@127.0.0.1:1/none?no=such", "cannot be read"),
    ],
)
def test_a_history_out_of_reach_is_a_problem_that_tells_no_password(url: str, said: str) -> None:
    found = _history({HISTORY_URL: url})
    assert found.state == "problem"
    assert said in found.found
    assert HISTORY_URL in found.found + found.advice
    assert CANARY not in found.found + found.advice
