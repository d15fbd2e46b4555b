"""What is asked of the publisher, of Postgres, of the local warehouse, and of the alerts' webhook."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from taxi_assets.cli.doctor.findings import Finding, off, ok, problem
from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import YELLOW_TAXI
from taxi_assets.publishers.base import publisher
from taxi_assets.publishers.http import QUICK
from taxi_assets.publishers.sites import DATATALKS_SITE, TLC_SITE
from taxi_assets.settings import ALERT_WEBHOOK, POSTGRES_URL, Settings

OLDEST_POSTGRES = 15
CONNECT_SECONDS = 5
WAREHOUSE_SECONDS = 1.0


def published(settings: Settings) -> Finding:
    """Whether the publisher answers, and has a month that it is known to have."""
    if settings.publisher == "sample":
        return ok("sample: months are made up here")
    asked = publisher(
        settings.publisher, sample_rows=settings.sample_rows, sample_format=settings.sample_format, retry_policy=QUICK
    )
    months = (TLC_SITE.control, DATATALKS_SITE.control)
    seen = next(filter(None, (asked.probe(YELLOW_TAXI, month) for month in months)), None)
    if seen:
        return ok(f"{settings.publisher}: {seen.url} is there")
    return problem(
        f"{settings.publisher} answers, but has yellow neither for {' nor for '.join(map(str, months))}.",
        "Is TAXI_PUBLISHER the right address? A mirror of yours may lack those months: then this is no problem.",
    )


def postgres(settings: Settings, environment: Mapping[str, str]) -> Finding:
    if settings.external_postgres:
        return _own_postgres(environment[POSTGRES_URL], settings.postgres_schema)
    return _local_postgres(settings)


def warehouse(settings: Settings) -> Finding:
    """Whether the local warehouse can be opened; one that a run works on is left alone."""
    if settings.bq_dataset is not None:
        return off("local one not used: months go to BigQuery")
    if not settings.warehouse.exists():
        return ok(f"{settings.warehouse} will be made")
    from taxi_assets.destinations.duckdb.file import DuckDBFile

    try:
        with DuckDBFile(settings.warehouse, wait_seconds=WAREHOUSE_SECONDS).connected() as connection:
            tables = len(connection.execute("SELECT 1 FROM duckdb_tables()").fetchall())
    except TaxiError as error:
        if error.retry:
            return ok(f"{settings.warehouse} is in use")
        raise
    return ok(f"{settings.warehouse}: {tables} tables")


def webhook(settings: Settings) -> Finding:
    if settings.alert_webhook:
        return ok("is set: the sensor failed_runs tells it of failed runs, while Dagster's daemon runs")
    return off(f"{ALERT_WEBHOOK} is not set: nobody is told of failed runs")


def _own_postgres(url: str, schema: str) -> Finding:
    """Reachable, not too old, and we may make tables."""
    import psycopg

    from taxi_assets.resources.postgres import ExternalPostgres

    url = ExternalPostgres(url=url).connection_url()
    if not _is_readable(url):
        # What libpq says of it may quote a part of the password.
        return problem(
            f"{POSTGRES_URL} cannot be read.",
            "It is postgresql://user:password@host:port/database, with @ / ? % in the password as %40 %2F %3F %25.",
        )
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            info, user = connection.info, connection.info.user
            found = f"PostgreSQL {info.parameter_status('server_version')} as {user} on {info.host}, {info.dbname}"
            query = """SELECT coalesce(
                (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = %s),
                has_database_privilege(current_database(), 'CREATE'))"""
            row = connection.execute(query, (schema,)).fetchone()
            old = info.server_version < OLDEST_POSTGRES * 10_000
    except psycopg.Error as error:
        return problem(f"Postgres cannot be used: {str(error).strip()}", f"Is {POSTGRES_URL} right, is the server up?")
    if old:
        return problem(found, f"PostgreSQL {OLDEST_POSTGRES} or later is needed.")
    if not (row and row[0]):
        return problem(
            f"{found}: {user} may not make tables in schema {schema}",
            f"GRANT CREATE ON SCHEMA {schema} TO {user}, or ON DATABASE where the schema is not there yet.",
        )
    return ok(f"{found}, schema {schema}{_encoder()}")


def _is_readable(url: str) -> bool:
    """Whether libpq reads it as it was meant: a password's @, / or ? ends it, and its rest becomes host or database."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        return False
    port = parts.get("port", "").replace(",", "") or "5432"
    return port.isdecimal() and not any("@" in parts.get(name, "") for name in ("host", "dbname"))


def _local_postgres(settings: Settings) -> Finding:
    """Running, or able to: one is made and started beside it. The real one is left alone, for runs may want it now."""
    from taxi_assets.resources.embedded_postgres.folder import EmbeddedPostgresError
    from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres

    folder = settings.postgres
    try:
        server = EmbeddedPostgres(folder, bin=settings.postgres_bin)
        if url := server.running_url():
            return ok(f"local, running in {folder}: {_programs(url)}{_encoder()}")
        above = next(path for path in folder.parents if path.exists())
        with tempfile.TemporaryDirectory(dir=above, prefix="doctor-") as beside:
            tried = replace(server, folder=Path(beside) / "postgres")
            found = _programs(tried.start())
            tried.stop()
        return ok(f"local; starts when it is needed: {found}{_encoder()}")
    except EmbeddedPostgresError as error:
        return problem(str(error), f"Or set {POSTGRES_URL} to a server of your own.")


def _programs(url: str) -> str:
    """Which PostgreSQL it is, and where its programs are, as the server tells it."""
    import psycopg

    query = "SELECT split_part(current_setting('server_version'), ' ', 1), setting FROM pg_config WHERE name = 'BINDIR'"
    with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
        version, folder = connection.execute(query).fetchone() or ("", "")
    return f"PostgreSQL {version} of {folder}"


def _encoder() -> str:
    """What is to be said of the encoder that writes the months: nothing when it is the fast one."""
    from taxi_assets.destinations.postgres.copy import PsycopgEncoder, copy_encoder

    slow = isinstance(copy_encoder(), PsycopgEncoder)
    return "; without the package pgpq loading a month takes half as long again" if slow else ""
