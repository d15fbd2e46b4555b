"""What is checked of Postgres: the server of the trips, external or local, and the database of Dagster's history."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from taxi_assets.cli.doctor.findings import Finding, ok, problem
from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.zones import TABLE as ZONES
from taxi_assets.resources.postgres import ExternalPostgres
from taxi_assets.settings import HISTORY_URL, POSTGRES_URL, Settings

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

OLDEST_POSTGRES = 15
CONNECT_SECONDS = 5
_RIGHTS = """SELECT
    coalesce((SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE')
                FROM pg_namespace WHERE nspname = %(schema)s),
             has_database_privilege(current_database(), 'CREATE')),
    pg_is_in_recovery(),
    current_setting('transaction_read_only')::boolean,
    quote_ident(%(schema)s),
    quote_ident(current_user),
    ARRAY(SELECT c.oid::regclass::text || ' of ' || pg_get_userbyid(c.relowner)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = %(schema)s AND c.relname = ANY (%(tables)s) AND NOT pg_has_role(c.relowner, 'USAGE')
           ORDER BY 1)"""
_VERSION_AND_PROGRAMS = """SELECT split_part(current_setting('server_version'), ' ', 1), setting
    FROM pg_config WHERE name = 'BINDIR'"""


def server(settings: Settings, environment: Mapping[str, str]) -> Finding:
    """Whether months can be loaded into the Postgres of the settings. Raises TaxiError."""
    if settings.external_postgres:
        return _external(environment[POSTGRES_URL], settings.postgres_schema)
    return _local(settings)


def history_database(instance: Path, environment: Mapping[str, str]) -> str | None:
    """The server and database of Dagster's history, or None where the file `instance` does not name HISTORY_URL.

    Asked before Dagster is, which would try six times, for longer than a check-up may take, and print each failure.
    `instance` is a dagster.yaml. Raises TaxiError when the database cannot be reached.
    """
    if HISTORY_URL not in instance.read_text():
        return None
    url = environment.get(HISTORY_URL)
    if not url:
        raise TaxiError(
            f"{instance} keeps the history in Postgres, and {HISTORY_URL} is not set.",
            "Set it; on a laptop, make with STORAGE=postgres does.",
        )
    with _connected(url, HISTORY_URL) as connection:
        return f"PostgreSQL on {connection.info.host}, {connection.info.dbname}"


@contextmanager
def _connected(url: str, variable: str) -> Iterator[Connection[TupleRow]]:
    """Connects by the URL that a variable holds. Raises TaxiError, which shows no part of a password."""
    import psycopg

    url = ExternalPostgres(url=url).connection_url()
    if not _is_readable(url):
        # libpq's own message may quote a part of the password.
        raise TaxiError(
            f"{variable} cannot be read.",
            "It is postgresql://user:password@host:port/database, with @ / ? % in the password as %40 %2F %3F %25.",
        )
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            yield connection
    except psycopg.Error as error:
        cause = f"The Postgres of {variable} cannot be used: {str(error).strip()}"
        raise TaxiError(cause, f"Is {variable} correct, and is the server running?", retry=True) from error


def _is_readable(url: str) -> bool:
    """Whether libpq reads the URL as it was meant.

    An unescaped @, / or ? in a password ends it there, and the rest of it becomes the host or the database.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        return False
    port = parts.get("port", "").replace(",", "") or "5432"
    return port.isdecimal() and not any("@" in parts.get(name, "") for name in ("host", "dbname"))


def _external(url: str, schema: str) -> Finding:
    """Whether the server can be reached, is new enough, and lets us create and change our tables. Raises TaxiError."""
    with _connected(url, POSTGRES_URL) as connection:
        info, user = connection.info, connection.info.user
        found = f"PostgreSQL {info.parameter_status('server_version')} as {user} on {info.host}, {info.dbname}"
        if info.server_version < OLDEST_POSTGRES * 10_000:
            return problem(found, f"PostgreSQL {OLDEST_POSTGRES} or later is needed.")
        lacking = _lacking(connection, schema)
    if lacking is not None:
        return problem(f"{found}: {lacking.found}", lacking.advice)
    return ok(f"{found}, schema {schema}{_encoder()}")


def _lacking(connection: Connection[TupleRow], schema: str) -> Finding | None:
    """What the role lacks to load months into the schema; None if nothing."""
    answer = connection.execute(_RIGHTS, {"schema": schema, "tables": _tables()}).fetchone()
    may_create, is_standby, is_read_only, schema_name, role, of_others = answer or (False, *[None] * 5)
    if is_standby or is_read_only:
        why = "it is a standby" if is_standby else "default_transaction_read_only is set"
        return problem(
            f"the database is read-only ({why})",
            f"Set {POSTGRES_URL} to the primary; where it names several hosts, add target_session_attrs=read-write.",
        )
    if not may_create:
        return problem(
            f"{role} may not create tables in schema {schema}",
            f"GRANT CREATE ON SCHEMA {schema_name} TO {role}, and USAGE; or CREATE ON DATABASE where the schema does "
            "not exist yet.",
        )
    if of_others:
        return problem(
            f"{', '.join(of_others)} cannot be changed by {role}",
            f"Give them to it (ALTER TABLE … OWNER TO {role}), or set TAXI_POSTGRES_SCHEMA to another schema.",
        )
    return None


def _tables() -> list[str]:
    """The tables that we make, but for the months' own."""
    trips = [name for dataset in DATASETS.values() for name in (dataset.table, f"{dataset.table}_quarantine")]
    return [*trips, ZONES]


def _local(settings: Settings) -> Finding:
    """Whether the local server runs, or could: then one is created and started beside it, and removed.

    The server itself is not started, nor stopped, as a run may need it any moment.
    """
    from taxi_assets.resources.embedded_postgres.folder import EmbeddedPostgresError
    from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres

    folder = settings.postgres
    try:
        local = EmbeddedPostgres(folder, bin=settings.postgres_bin)
        if url := local.running_url():
            return ok(f"local, running in {folder}: {_programs(url)}{_encoder()}")
        above = next(path for path in folder.parents if path.exists())
        with tempfile.TemporaryDirectory(dir=above, prefix="doctor-") as beside:
            trial = replace(local, folder=Path(beside) / "postgres")
            found = _programs(trial.start())
            trial.stop()
        return ok(f"local; starts when it is needed: {found}{_encoder()}")
    except EmbeddedPostgresError as error:
        return problem(str(error), f"Or set {POSTGRES_URL} to a server of your own.")


def _programs(url: str) -> str:
    """The version of a local server, and the folder of its programs."""
    with _connected(url, "the local server") as connection:
        version, folder = connection.execute(_VERSION_AND_PROGRAMS).fetchone() or ("", "")
    return f"PostgreSQL {version} from {folder}"


def _encoder() -> str:
    """What to add about the encoder that writes the months: nothing when it is the fast one."""
    from taxi_assets.destinations.postgres.copy import PsycopgEncoder, copy_encoder

    slow = isinstance(copy_encoder(), PsycopgEncoder)
    return "; without the package pgpq loading a month takes half as long again" if slow else ""
