"""The database that deploy/dagster.yaml keeps Dagster's history in: whether it answers, before Dagster asks it.

Dagster itself asks six times, for longer than a check-up may take, and says each time that it failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from taxi_assets.errors import TaxiError
from taxi_assets.resources.postgres import ExternalPostgres
from taxi_assets.settings import HISTORY_URL

CONNECT_SECONDS = 5


def history_database(instance: Path, environment: Mapping[str, str]) -> str | None:
    """The server and database of an instance's history, None where its dagster.yaml does not name HISTORY_URL.

    Raises TaxiError when the database cannot be reached.
    """
    if HISTORY_URL not in instance.read_text():
        return None
    url = environment.get(HISTORY_URL)
    if not url:
        raise TaxiError(
            f"{instance} keeps the history in Postgres, and {HISTORY_URL} is not set.",
            "Set it; on a laptop, STORAGE=postgres behind make does.",
        )
    return _connected(ExternalPostgres(url=url).connection_url())


def _connected(url: str) -> str:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            return f"PostgreSQL on {connection.info.host}, {connection.info.dbname}"
    except psycopg.ProgrammingError:
        # What libpq says of a URL that it cannot read may quote a part of the password.
        raise TaxiError(
            f"{HISTORY_URL} cannot be read.", "It is postgresql://user:password@host:port/database."
        ) from None
    except psycopg.Error as error:
        cause = f"The database of Dagster's history cannot be used: {str(error).strip()}"
        raise TaxiError(cause, f"Is {HISTORY_URL} right, is the server up?", retry=True) from error
