"""The main process of a local server: how it is found, and connections to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from taxi_assets.resources.embedded_postgres.configuration import HOST
from taxi_assets.resources.embedded_postgres.folder import SUPERUSER, ServerFolder


@dataclass(frozen=True)
class Postmaster:
    """The main process of the server whose data are in the folder `files`."""

    files: ServerFolder
    pid: int
    port: int

    def connect(self, database: str) -> psycopg.Connection[TupleRow]:
        """A connection in autocommit mode. Raises psycopg.OperationalError."""
        return psycopg.connect(
            host=HOST,
            port=self.port,
            dbname=database,
            user=SUPERUSER,
            password=self.files.password(),
            # Another server may have the port now: it must not learn the password.
            require_auth="scram-sha-256",
            # Set explicitly, so that the caller's PGSSLMODE or Kerberos ticket does not get in the way.
            sslmode="disable",
            gssencmode="disable",
            connect_timeout=2,
            autocommit=True,
        )


def find_postmaster(files: ServerFolder, database: str) -> Postmaster | None:
    """The running server of the folder, if `database` of it answers: it accepts our password and works on our data."""
    try:
        lines = (files.data / "postmaster.pid").read_text().splitlines()
        if lines[7].strip() != "ready":  # starting, replaying its log, stopping
            return None
        server = Postmaster(files, pid=int(lines[0]), port=int(lines[3]))
        with server.connect(database) as connection:
            row = connection.execute("show data_directory").fetchone()
    # There is no file, or half of one; or the port has no server, another server, or one that is not ready.
    except (FileNotFoundError, ValueError, IndexError, psycopg.OperationalError):
        return None
    return server if row is not None and Path(row[0]).resolve() == files.data else None
