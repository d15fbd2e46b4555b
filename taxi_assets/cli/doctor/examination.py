"""The examination: every question in its order, and the table of what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial

import click

from taxi_assets.cli.doctor import google, machine, postgres, services, variables
from taxi_assets.cli.doctor.findings import SECONDS, Finding, Question, findings, problem
from taxi_assets.cli.doctor.masking import masked, secrets_in
from taxi_assets.settings import Settings, SettingsError


def report(environment: Mapping[str, str], overridden: Collection[str] = (), seconds: float = SECONDS) -> int:
    """Prints each finding as soon as it is there; returns the exit code: 1 when there is a problem, else 0.

    `overridden` are the variables that .env sets to another value than the environment did, `seconds` is how long to
    wait for each answer.
    """
    states: Counter[str] = Counter()
    for about, finding in examine(environment, overridden, seconds):
        states[finding.state] += 1
        click.echo("\n".join(lines(about, finding)))
    warnings = f", {_counted(states['warning'], 'warning')}" if states["warning"] else ""
    click.echo(f"\n{_counted(states['problem'], 'problem')}{warnings}.")
    return min(states["problem"], 1)


def examine(
    environment: Mapping[str, str], overridden: Collection[str] = (), seconds: float = SECONDS
) -> Iterator[tuple[str, Finding]]:
    """What each question is about and what was found, in order, as soon as it is known; secrets are masked."""
    secrets = secrets_in(environment)
    for about, finding in findings(_questions(environment, overridden), seconds):
        yield about, replace(finding, found=masked(finding.found, secrets), advice=masked(finding.advice, secrets))


def lines(about: str, finding: Finding) -> list[str]:
    """A row of the table; below it what to do, where there is something to do."""
    row = f"{finding.state:>7}  {about:<16}  {' '.join(finding.found.split())}"
    return [row, f"{'':>25}  → {finding.advice}"] if finding.advice else [row]


def _questions(environment: Mapping[str, str], overridden: Collection[str]) -> list[Question]:
    try:
        settings = Settings.from_env(environment)
    except SettingsError as error:
        wrong = problem(str(error), "Correct it and run this again: what depends on the settings was not checked.")
        return [*_about_the_machine(environment, None), Question("settings", lambda: wrong)]
    return [*_about_the_machine(environment, settings), *_about_the_settings(environment, settings, overridden)]


def _about_the_machine(environment: Mapping[str, str], settings: Settings | None) -> list[Question]:
    return [
        Question("Python", machine.python),
        Question("packages", partial(machine.packages, settings)),
        # A new history is a database that has to be created.
        Question("history of runs", partial(machine.history, environment), patience=3),
    ]


def _about_the_settings(
    environment: Mapping[str, str], settings: Settings, overridden: Collection[str]
) -> list[Question]:
    return [
        Question("settings", partial(variables.names, environment, overridden)),
        Question("home folder", partial(machine.home, settings)),
        Question("disk", partial(machine.disk, settings)),
        Question("publisher", partial(services.published, settings)),
        Question("made-up trips", partial(variables.made_up, settings)),
        # A local server is created to try it.
        Question("Postgres", partial(postgres.server, settings, environment), patience=3),
        Question("warehouse", partial(services.warehouse, settings)),
        Question("bucket", partial(google.bucket, settings)),
        Question("BigQuery dataset", partial(google.dataset, settings)),
        Question("BigQuery rights", partial(google.rights, settings)),
        Question("locations", partial(google.locations, settings)),
        Question("alerts", partial(services.webhook, settings)),
    ]


def _counted(number: int, word: str) -> str:
    return f"{number or 'No'} {word}{'' if number == 1 else 's'}"
