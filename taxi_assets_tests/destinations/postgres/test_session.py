"""Postgres as companies run it: roles with few rights, poolers, read-only servers, odd names, every form of URL."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from dagster import RetryPolicy
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from taxi_assets.cli.doctor import postgres as doctor
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.destinations.postgres.zones import PostgresZones
from taxi_assets.errors import TaxiError
from taxi_assets.model.zones import read_zones
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.settings import POSTGRES_URL, Settings
from taxi_assets_tests.destinations.month_files import FEBRUARY, JANUARY, month_files
from taxi_assets_tests.helpers.run_month import checks, failure, metadata, rows, run_month
from taxi_assets_tests.servers.pgbouncer import pgbouncer

LOADED = ["raw_trips", "clean_trips", "postgres_table"]
ZONES = read_zones(zone_lookup())
LEFT_BEHIND = """
SELECT 'setting ' || name FROM pg_settings WHERE source = 'session' AND name <> 'application_name'
UNION ALL SELECT 'prepared statement ' || name FROM pg_prepared_statements
UNION ALL SELECT 'lock ' || locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
UNION ALL SELECT 'cursor ' || name FROM pg_cursors WHERE is_holdable
UNION ALL SELECT 'channel ' || pg_listening_channels()
UNION ALL SELECT 'temporary table ' || relname FROM pg_class WHERE relpersistence = 't' AND pg_table_is_visible(oid)
"""


@contextmanager
def role_in(url: str, schema: str, *, owner: str = "") -> Iterator[str]:
    """The URL of a role that may use and create in one schema, and nothing else in the database."""
    role = f"role_{secrets.token_hex(4)}"
    names = {"role": Identifier(role), "schema": Identifier(schema)}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SQL("CREATE ROLE {role} LOGIN PASSWORD 'p'").format(**names))
        connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {schema}").format(**names))
        connection.execute(SQL("GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}").format(**names))
        if owner:
            connection.execute(owner.encode())
    try:
        yield make_conninfo(url, user=role, password="p", passfile="/nowhere")  # noqa: S106 of the tests
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(SQL("DROP OWNED BY {role} CASCADE").format(**names))
            connection.execute(SQL("DROP ROLE {role}").format(**names))


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    """The URL of a database of the test's own."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    yield make_conninfo(postgres_url, dbname=name)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.mark.slow
@pytest.mark.parametrize("schema", ["taxi", "public"])
@pytest.mark.fault(39)
def test_the_whole_path_works_for_a_role_with_rights_on_its_schema_only(
    settings: Settings, database: str, monkeypatch: pytest.MonkeyPatch, schema: str
) -> None:
    mine = replace(settings, postgres_schema=schema, sample_rows=300)
    with role_in(database, schema) as url:
        monkeypatch.setenv(POSTGRES_URL, url)
        assert doctor.server(mine, {POSTGRES_URL: url}).state == "ok"
        for _ in range(2):
            result = run_month(mine, "green", "2020-04")
        assert all(check.passed for check in checks(result).values())
        assert rows(mine, "green", "2020-04")["Postgres"] > 250
        assert f"{schema}.green_taxi_trips_with_zones" in metadata(result, "trips_with_zones")["views"]


def test_tables_that_another_role_has_made_are_named_by_doctor_and_by_the_load(database: str, tmp_path: Path) -> None:
    with role_in(database, "taxi", owner="CREATE TABLE taxi.green_taxi_trips (trip_month date)") as url:
        found = doctor.server(Settings(external_postgres=True, postgres_schema="taxi"), {POSTGRES_URL: url})
        assert found.state == "problem"
        assert "taxi.green_taxi_trips of " in found.found
        assert "OWNER TO role_" in found.advice
    PostgresTable(database, "taxi", "trips", {}).replace_month(JANUARY, month_files(tmp_path, JANUARY, 10))
    with role_in(database, "taxi") as url, pytest.raises(TaxiError, match=r"must be owner|permission denied") as raised:
        PostgresTable(url, "taxi", "trips", {}).replace_month(JANUARY, month_files(tmp_path, JANUARY, 20))
    assert "OWNER TO" in raised.value.advice
    assert not raised.value.retry


@pytest.mark.fault(39)
def test_a_role_without_any_right_is_told_which_it_lacks_without_a_retry(database: str, tmp_path: Path) -> None:
    with role_in(database, "taxi") as url:
        for table in (PostgresTable(url, "other", "trips", {}), PostgresTable(url, "pg_catalog", "trips", {})):
            with pytest.raises(TaxiError, match="permission denied") as raised:
                table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 20))
            assert "USAGE and CREATE on the schema" in raised.value.advice
            assert not raised.value.retry


@pytest.mark.fault(39)
def test_a_transaction_pooler_hands_nothing_of_ours_on_and_loads_as_the_server_does(
    postgres_url: str, postgres_schema: str, tmp_path: Path
) -> None:
    with pgbouncer(postgres_url) as url:
        table = PostgresTable(url, postgres_schema, "trips", {})
        zones = PostgresZones(url, postgres_schema)
        for count in (10, 20):
            for month in (JANUARY, FEBRUARY):
                files = month_files(tmp_path, month, count)
                assert table.replace_month(month, files) == count
                assert table.checksums(month).rows == count
                assert len(table.month(month).frame()) == count
            zones.replace(ZONES[: -count or None])
            zones.join("trips")
        assert table.source_file(JANUARY)
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as same_session:
            assert same_session.execute(LEFT_BEHIND).fetchall() == []
        assert (
            doctor.server(Settings(external_postgres=True, postgres_schema=postgres_schema), {POSTGRES_URL: url}).state
            == "ok"
        )


@pytest.mark.fault(39)
def test_nothing_is_left_in_a_session_after_our_transactions(
    postgres_url: str, postgres_schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a pooler would hand on, asked of the session itself: true also where no PgBouncer is installed."""
    left: list[object] = []
    closed = psycopg.Connection.close

    def watched(connection: psycopg.Connection) -> None:
        if not connection.closed and not connection.broken:
            left.extend(connection.execute(LEFT_BEHIND, prepare=False).fetchall())
        closed(connection)

    monkeypatch.setattr(psycopg.Connection, "close", watched)
    table = PostgresTable(postgres_url, postgres_schema, "trips", {})
    zones = PostgresZones(postgres_url, postgres_schema)
    for _ in range(2):
        table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 10))
        table.checksums(JANUARY)
        zones.replace(ZONES)
        zones.join("trips")
    assert left == []


@pytest.mark.fault(39)
def test_a_read_only_database_is_said_at_once_and_found_by_doctor(
    settings: Settings, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taxi_assets.assets.common.RETRIES", RetryPolicy(max_retries=1, delay=0))
    name = Identifier(str(conninfo_to_dict(database)["dbname"]))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
    monkeypatch.setenv(POSTGRES_URL, database)
    found = doctor.server(settings, {POSTGRES_URL: database})
    assert (found.state, "read-only (default_transaction_read_only is set)" in found.found) == ("problem", True)
    result = run_month(
        settings, "green", "2020-04", assets=["raw_trips", "clean_trips", "postgres_table"], raises=False
    )
    said = failure(result, "postgres_table")
    assert "green 2020-04, postgres_table: Postgres: cannot execute" in said
    assert "read-only transaction" in said
    assert "target_session_attrs=read-write" in said
    assert said.rstrip().endswith("A retry will not help.")
    assert not [event for event in result.all_events if event.is_step_up_for_retry]


@pytest.mark.parametrize("schema", ["Taxi Trips", 'we"ird', "it's 100%s", "Straße{0}", "user"])
def test_a_schema_with_any_name_works(postgres_url: str, tmp_path: Path, schema: str) -> None:
    name = f"{schema} {secrets.token_hex(4)}" if schema != "user" else schema
    table, zones = PostgresTable(postgres_url, name, "trips", {}), PostgresZones(postgres_url, name)
    try:
        for count in (10, 20):
            assert table.replace_month(JANUARY, month_files(tmp_path, JANUARY, count, quarantined=2)) == count
        texts = month_files(tmp_path, FEBRUARY, 10)
        table.replace_month(FEBRUARY, texts)
        zones.replace(ZONES)
        assert zones.join("trips") == f"{name}.trips_with_zones"
        assert zones.rows() == list(ZONES)
        assert (table.count(JANUARY), table.checksums(FEBRUARY).rows) == (20, 10)
        assert table.source_file(JANUARY)
        assert len(table.month(JANUARY).frame()) == 20
        found = doctor.server(Settings(external_postgres=True, postgres_schema=name), {POSTGRES_URL: postgres_url})
        assert found.state == "ok"
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(name)))


FORMS = {
    "URI": "postgresql://{user}:{password}@{host}:{port}/{dbname}",
    "short scheme": "postgres://{user}:{password}@{host}:{port}/{dbname}",
    "driver of SQLAlchemy": "postgresql+psycopg2://{user}:{password}@{host}:{port}/{dbname}",
    "several hosts": "postgresql://{user}:{password}@127.0.0.1:1,{host}:{port}/{dbname}?target_session_attrs=read-write",
    "options": "postgresql://{user}:{password}@{host}:{port}/{dbname}?options=-c%20work_mem%3D8MB",
    "keywords": "host={host} port={port} user={user} password='{raw}' dbname={dbname}",
    "parameters": "postgresql:///{dbname}?host={host}&port={port}&user={user}&password={password}",
    "password file": "postgresql://{user}@{host}:{port}/{dbname}?passfile={passfile}",
    "service": "service=taxi",
}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_url_works_wherever_it_is_used(
    settings: Settings, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    with psycopg.connect(postgres_url) as connection:
        info = connection.info
        parts = {"host": info.host, "port": info.port, "user": info.user, "dbname": info.dbname}
        password = info.password
    passfile, services = tmp_path / "pass file", tmp_path / "services.conf"
    passfile.write_text(f"{parts['host']}:*:*:{parts['user']}:{password}\n")
    passfile.chmod(0o600)
    lines = [f"{name}={part}" for name, part in {**parts, "password": password}.items()]
    services.write_text("\n".join(["[taxi]", *lines, ""]))
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    url = FORMS[form].format(**parts, password=quote(password, safe=""), raw=password, passfile=quote(str(passfile)))
    monkeypatch.setenv(POSTGRES_URL, url)
    assert Settings.from_env({POSTGRES_URL: url}).external_postgres
    assert doctor.server(settings, {POSTGRES_URL: url}).state == "ok"
    result = run_month(replace(settings, sample_rows=300), "green", "2020-04", assets=LOADED)
    named = metadata(result, "postgres_table")["dagster/table_name"]
    assert named == f"{parts['dbname']}.{settings.postgres_schema}.green_taxi_trips"
    assert checks(result)["postgres_table equals_clean_trips"].passed
