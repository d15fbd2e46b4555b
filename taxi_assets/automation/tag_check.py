"""The month in the tags of `dagster job execute`, looked at before there is a run.

Dagster itself takes any text for a partition key there, ends with a traceback, and leaves a run that has not started.
"""

from __future__ import annotations

import json

import click

from taxi_assets.asset_keys import TRIPS_JOB
from taxi_assets.automation.month_tag import PARTITION_TAG
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.typed_months import month_of_dataset


def check_tags() -> None:
    """Ends a command that loads the definitions for one of our jobs, if its tags have no partition key of its dataset.

    Raises ClickException, which the command prints in a line.
    """
    command = click.get_current_context(silent=True)
    given = command.params if command else {}
    if fault := fault_of(given.get("job_name"), given.get("tags")):
        raise click.ClickException(fault)


def fault_of(job: str | None, tags: str | None) -> str:
    """What is wrong with the month of a job in these tags, a JSON text; empty if nothing is, or none is given."""
    dataset = DATASETS.get((job or "").removesuffix(TRIPS_JOB))
    try:
        given = json.loads(tags or "{}")
    except ValueError:  # Dagster's to say
        return ""
    key = given.get(PARTITION_TAG) if isinstance(given, dict) else None
    if dataset is None or not isinstance(key, str):
        return ""
    try:
        month = month_of_dataset(dataset, key)
    except ValueError as error:
        return f"{error}. The tag {PARTITION_TAG} takes the first day of one of them."
    if key == month.key:
        return ""
    return f"The tag {PARTITION_TAG} takes the first day of a month: write {month.key} instead of {key}."
