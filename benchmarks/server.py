"""The Postgres server that all contestants load into: the project's embedded one, in a folder of its own."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg.sql import Composed

from benchmarks.processes import cpu_seconds
from taxi_assets.resources.embedded_postgres.folder import ServerFolder
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres

_LAST_WORDS_SECONDS = 0.2
"""A backend ends a moment after its client; while it does, its CPU time is counted nowhere."""


@dataclass(frozen=True)
class Server:
    """A running server. `url` names a passfile; programs that know none take `full_url`, which holds the password of
    this temporary server.
    """

    folder: Path
    url: str
    full_url: str

    @classmethod
    def start(cls, folder: Path) -> Server:
        url = EmbeddedPostgres(folder).start()
        password = ServerFolder(folder).password()
        return cls(folder, url, url.partition("?")[0].replace("@", f":{password}@", 1))

    def stop(self) -> None:
        EmbeddedPostgres(self.folder).stop()

    @property
    def psql(self) -> str:
        """The psql that comes with the server, so of its version."""
        return str(EmbeddedPostgres(self.folder).programs().path("psql"))

    @property
    def data(self) -> Path:
        """The folder in which the server itself can read and write files."""
        return self.folder / "data"

    def cpu_seconds(self) -> float:
        """CPU seconds that all its processes have used so far; 0 where /proc cannot be asked."""
        time.sleep(_LAST_WORDS_SECONDS)
        pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        return cpu_seconds(pid) if Path("/proc/self/stat").exists() else 0.0

    def settle(self) -> None:
        """Writes out what the last contestant left, so that the next one does not pay for it."""
        self.execute("CHECKPOINT")
        os.sync()

    def execute(self, statement: LiteralString | Composed) -> int:
        """Runs a statement; returns the number in its first row, 0 when it gives none."""
        with psycopg.connect(self.full_url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            row = cursor.fetchone() if cursor.description else None
        return int(row[0]) if row else 0
