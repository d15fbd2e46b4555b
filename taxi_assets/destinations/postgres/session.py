"""Connections to Postgres whose errors say what to do, and locks that give way to readers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

from taxi_assets.destinations.postgres.refusals import REFUSALS, refusal, said
from taxi_assets.errors import TaxiError, message_of

SWAP_LOCK_TIMEOUT = "2s"
"""While we wait for a table's lock, every new reader waits behind us; so the wait is short, and repeated."""
SWAP_ATTEMPTS = 30


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    """A connection that commits each statement outside a transaction; `url` as libpq reads it.

    It may be a pooler's, which hands the session on after each transaction: settings and locks end with theirs, and
    nothing is prepared. Raises TaxiError when the server cannot be reached (a retry may help) or refuses something.
    """
    try:
        with psycopg.connect(
            url, autocommit=True, application_name="taxi_assets", connect_timeout=10, prepare_threshold=None
        ) as connection:
            yield connection
    except REFUSALS as error:
        raise refusal(error) from error
    except psycopg.OperationalError as error:
        raise TaxiError(
            f"Postgres cannot be used: {message_of(error)}.",
            "A month is there whole, the old one or the new one. Is the server up, and is its URL right?",
            retry=True,
        ) from error
    except psycopg.Error as error:
        raise TaxiError(
            f"Postgres refused a statement: {said(error)}.",
            "Nothing was changed. Does another program use or change these tables?",
        ) from error


def create_schema(connection: psycopg.Connection, name: str) -> None:
    """Creates a schema where it is missing.

    Looks first: CREATE SCHEMA asks for rights on the database even where the schema is there, and few roles have them.
    """
    if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (name,)).fetchone() is None:
        connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(name)))


def lock(connection: psycopg.Connection, what: str) -> None:
    """Waits for the advisory lock called `what` and holds it until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 20090101))", (what,))


def with_short_locks(connection: psycopg.Connection, statements: list[Composed]) -> None:
    """Runs statements that lock a table exclusively, in a transaction; gives way to its readers between attempts.

    Raises TaxiError (a retry may help) when the readers never let go.
    """
    connection.execute(SQL("SET LOCAL lock_timeout = {}").format(Literal(SWAP_LOCK_TIMEOUT)))
    for attempt in range(SWAP_ATTEMPTS):
        try:
            with connection.transaction():
                for statement in statements:
                    connection.execute(statement)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            time.sleep(min(0.1 * 2**attempt, 5.0))
        else:
            return
    raise TaxiError(
        "Postgres: a long query holds the table, so that it cannot be changed.",
        "Nothing was changed. Wait for the query to end, or end it (see pg_stat_activity).",
        retry=True,
    )


def column_types(connection: psycopg.Connection, table: Identifier) -> dict[str, str]:
    """The columns of a table or view, in order, with their types; raises UndefinedTable when it does not exist."""
    query = (
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )
    return dict(connection.execute(query, (table.as_string(connection),)).fetchall())


def generated_columns(connection: psycopg.Connection, table: Identifier) -> dict[str, Composed]:
    """The columns of a table that are computed of others, with their definitions: others have added them."""
    query = (
        "SELECT attname, format_type(atttypid, atttypmod), pg_get_expr(adbin, adrelid), attgenerated FROM pg_attribute"
        " JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = %s::regclass AND attgenerated <> ''"
    )
    return {
        name: SQL("{} {} GENERATED ALWAYS AS ({}) {}").format(
            Identifier(name), SQL(kind), SQL(expression), SQL("STORED" if how == "s" else "VIRTUAL")
        )
        for name, kind, expression, how in connection.execute(query, (table.as_string(connection),))
    }


def exists(connection: psycopg.Connection, schema: str, name: str) -> bool:
    """Whether there is a table or view of that name."""
    query = (
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s"
    )
    return connection.execute(query, (schema, name)).fetchone() is not None
