"""The command that starts, stops and finds the local server: `taxi-assets postgres`.

`python -m taxi_assets.resources.embedded_postgres` is the same command. It loads neither Dagster nor Arrow, and stops a
server however wrong the settings are.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from taxi_assets.resources.embedded_postgres.folder import DATABASE, EmbeddedPostgresError
from taxi_assets.settings import Settings, SettingsError, home_folder, load_env_file

if TYPE_CHECKING:
    from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres


@click.command()
@click.argument("action", type=click.Choice(["start", "stop", "status"]))
# Unchecked: the server itself says what is wrong with its folder, and what to do.
@click.argument("folder", type=click.Path(path_type=Path, readable=False), required=False)
@click.option("--database", default=DATABASE, show_default=True, help="Created by start if it does not exist.")
def postgres(action: str, folder: Path | None, database: str) -> None:
    """Start or stop the local Postgres, or print its URL.

    FOLDER holds the server's data; the default is postgres in the folder of TAXI_HOME. The URL names the file that
    holds the password, not the password. `status` exits with 1 when the server is not running.
    """
    load_env_file()
    try:
        if action == "start":
            click.echo(_startable(folder, database).start())
        elif action == "stop":
            stopped = _existing(folder, database).stop()
            click.echo("The server is stopped." if stopped else "The server was not running.")
        elif url := _existing(folder, database).running_url():
            click.echo(url)
        else:
            click.echo("The server is not running.")
            sys.exit(1)
    except (EmbeddedPostgresError, SettingsError) as error:
        sys.exit(str(error))


def _startable(folder: Path | None, database: str) -> EmbeddedPostgres:
    from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres

    settings = Settings.from_env()
    return EmbeddedPostgres(folder or settings.postgres, database, settings.postgres_bin)


def _existing(folder: Path | None, database: str) -> EmbeddedPostgres:
    """The server, found with no setting but TAXI_HOME, so that it can be stopped whatever is wrong with the others."""
    from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres

    return EmbeddedPostgres(folder or home_folder() / "postgres", database)
