"""A check-up: whether all that the settings ask for is there, and what to do where it is not.

python -m taxi_assets.cli.doctor
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial

from taxi_assets.cli.doctor import google, machine, services, variables
from taxi_assets.cli.doctor.findings import Finding, Question, findings, problem
from taxi_assets.cli.doctor.masking import masked, secrets_in
from taxi_assets.settings import Settings, SettingsError

__all__ = ["Finding", "examine", "lines"]

STARTING_SECONDS = 30.0
"""For a local Postgres that is made on a slow disk."""


def examine(environment: Mapping[str, str], overridden: Collection[str] = ()) -> Iterator[tuple[str, Finding]]:
    """What is found of each thing, in order, as soon as it is; no secret of the environment is in it.

    `overridden` are the variables that .env has otherwise than the environment had them.
    """
    secrets = secrets_in(environment)
    for about, finding in findings(_questions(environment, overridden)):
        yield about, replace(finding, found=masked(finding.found, secrets), advice=masked(finding.advice, secrets))


def lines(about: str, finding: Finding) -> list[str]:
    """A row of a table; what to do stands below what was found."""
    row = f"{finding.state:>7}  {about:<16}  {' '.join(finding.found.split())}"
    return [row, f"{'':>25}  → {finding.advice}"] if finding.advice else [row]


def _questions(environment: Mapping[str, str], overridden: Collection[str]) -> list[Question]:
    try:
        settings = Settings.from_env(environment)
    except SettingsError as error:
        wrong = problem(str(error), "Set it right, and ask again: what depends on the settings was not looked at.")
        return [*_of_the_machine(environment, None), Question("settings", lambda: wrong)]
    return [*_of_the_machine(environment, settings), *_of_the_settings(environment, settings, overridden)]


def _of_the_machine(environment: Mapping[str, str], settings: Settings | None) -> list[Question]:
    return [
        Question("Python", machine.python),
        Question("packages", partial(machine.packages, settings)),
        Question("history of runs", partial(machine.history, environment)),
    ]


def _of_the_settings(environment: Mapping[str, str], settings: Settings, overridden: Collection[str]) -> list[Question]:
    return [
        Question("settings", partial(variables.names, environment, overridden)),
        Question("home folder", partial(machine.home, settings)),
        Question("disk", partial(machine.disk, settings)),
        Question("publisher", partial(services.published, settings)),
        Question("made-up trips", partial(variables.made_up, settings)),
        Question("Postgres", partial(services.postgres, settings, environment), STARTING_SECONDS),
        Question("warehouse", partial(services.warehouse, settings)),
        Question("bucket", partial(google.bucket, settings)),
        Question("BigQuery dataset", partial(google.dataset, settings)),
        Question("BigQuery rights", partial(google.rights, settings)),
        Question("locations", partial(google.locations, settings)),
        Question("alerts", partial(services.webhook, settings)),
    ]
