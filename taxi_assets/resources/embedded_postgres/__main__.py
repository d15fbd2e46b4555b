"""`python -m taxi_assets.resources.embedded_postgres stop`: the local server by hand."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from taxi_assets.resources.embedded_postgres.folder import EmbeddedPostgresError
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets.settings import Settings, home_folder, load_env_file


def main(arguments: list[str] | None = None) -> int:
    """`python -m taxi_assets.resources.embedded_postgres stop`: the server of the settings, or of a folder given."""
    parser = argparse.ArgumentParser(description="The PostgreSQL server that lives in a folder. Prints no password.")
    parser.add_argument("command", choices=["start", "stop", "status"])
    parser.add_argument("folder", type=Path, nargs="?", help="default: postgres in the folder of TAXI_HOME")
    parser.add_argument("--database", default=EmbeddedPostgres.database, help="made at the start if it is not there")
    given = parser.parse_args(arguments)

    load_env_file()
    try:
        if given.command == "start":
            print(_to_start(given.folder, given.database).start())
        elif given.command == "stop":
            stopped = _to_find(given.folder, given.database).stop()
            print("The server is stopped." if stopped else "The server was not running.")
        else:
            url = _to_find(given.folder, given.database).running_url()
            print(url or "The server is not running.")
            return 0 if url else 1
    except (EmbeddedPostgresError, ValueError) as error:  # a setting that is wrong is a ValueError
        print(error, file=sys.stderr)
        return 1
    return 0


def _to_start(folder: Path | None, database: str) -> EmbeddedPostgres:
    settings = Settings.from_env()
    return EmbeddedPostgres(folder or settings.postgres, database, settings.postgres_bin)


def _to_find(folder: Path | None, database: str) -> EmbeddedPostgres:
    """Looks at no setting that it can do without: a server is stopped whatever is wrong with the others."""
    if folder is None:
        folder = home_folder() / "postgres"
    return EmbeddedPostgres(folder, database)


if __name__ == "__main__":
    sys.exit(main())
