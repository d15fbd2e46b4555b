"""The command line: `taxi-assets`, or `python -m taxi_assets.cli`.

Arguments, settings and exit codes of all commands are here; what a command does is in the module of its name, which is
imported when the command runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from inspect import cleandoc
from pathlib import Path
from typing import get_args

import click

from taxi_assets.bounds import bound_libraries
from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import DATASETS, Dataset, FileFormat
from taxi_assets.model.made_up import SAMPLE_ROWS
from taxi_assets.model.months import Month
from taxi_assets.model.typed_months import month_of_dataset
from taxi_assets.resources.embedded_postgres.command import postgres
from taxi_assets.settings import Settings, SettingsError, load_env_file


def _dataset(_context: click.Context, _argument: click.Parameter, name: str) -> Dataset:
    return DATASETS[name]


def _month(context: click.Context, _argument: click.Parameter, text: str) -> Month:
    try:
        # The dataset stands before its month, and was read before.
        return month_of_dataset(context.params["dataset"], text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _dataset_and_month(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the arguments DATASET and MONTH, and explains them at the end of its help."""
    names = sorted(DATASETS)
    explained = f"DATASET is {', '.join(names[:-1])} or {names[-1]}; MONTH is, for example, 2021-01."
    command.__doc__ = f"{cleandoc(command.__doc__ or '')}\n\n{explained}"
    month = click.argument("month", metavar="MONTH", callback=_month)
    return click.argument("dataset", type=click.Choice(names), metavar="DATASET", callback=_dataset)(month(command))


def _settings() -> Settings:
    """The settings of the environment and the file .env. Raises SettingsError."""
    load_env_file()
    return Settings.from_env()


class _Commands(click.Group):
    """Ends with a wrong setting, or another error that is meant for users, in its own words and with exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (SettingsError, TaxiError) as error:
            sys.exit(str(error))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """NYC taxi trips by month: where a month's rows are, why its run failed, and whether this machine is ready."""
    bound_libraries()


@main.command()
@_dataset_and_month
def show(dataset: Dataset, month: Month) -> None:
    """Count a month's rows in every place.

    Beside each count stands the command that opens the rows.
    """
    from taxi_assets.cli.show import report

    click.echo(report(_settings(), dataset, month))


@main.command()
@_dataset_and_month
def why(dataset: Dataset, month: Month) -> None:
    """Say why the last run of a month failed.

    Prints each failed step in a line, to standard error.
    """
    from taxi_assets.cli.why import reasons

    _settings()
    click.echo("\n".join(reasons(dataset, month)), err=True)


@main.command()
@_dataset_and_month
def key(dataset: Dataset, month: Month) -> None:  # noqa: ARG001 the month was read as one of the dataset's
    """Print a month's partition key.

    That is what Dagster's tag dagster/partition takes: the first day of the month.
    """
    click.echo(month.key)


@main.command()
@click.option("--wait", type=float, help="Seconds to wait for each answer; by default 10, or more on a busy machine.")
def doctor(wait: float | None) -> None:
    """Check all that the settings ask for.

    Says what to do where something is missing; exits with 1 when there is a problem.
    """
    overridden = load_env_file()
    from taxi_assets.cli.doctor.examination import report
    from taxi_assets.cli.doctor.findings import usual_wait

    sys.exit(report(os.environ, overridden, seconds=wait or usual_wait()))


@main.command()
def catalogue() -> None:
    """Print docs/catalogue.md: all columns, flags and rules."""
    from taxi_assets.cli.catalogue import page

    click.echo(page(), nl=False)


@main.command()
@_dataset_and_month
@click.option("--rows", type=click.IntRange(min=1), default=SAMPLE_ROWS, show_default=True, help="How many trips.")
@click.option(
    "--format", "file_format", type=click.Choice(get_args(FileFormat)), help="Default: by --to, else parquet."
)
@click.option("--to", type=click.Path(path_type=Path, readable=False), default=Path(), help="A folder or a file.")
def sample(dataset: Dataset, month: Month, rows: int, file_format: FileFormat | None, to: Path) -> None:
    """Write a month of made-up trips as TLC publishes it.

    Prints the file's path.
    """
    from taxi_assets.cli.sample import write

    try:
        click.echo(write(dataset, month, rows, file_format, to))
    except LookupError as error:
        raise click.BadParameter(str(error), param_hint="'MONTH'") from error


main.add_command(postgres)

if __name__ == "__main__":
    main(prog_name="python -m taxi_assets.cli")
