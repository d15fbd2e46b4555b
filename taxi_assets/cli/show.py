"""Where a month's rows are: how many in every place, and the command that opens them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import click
from dagster import build_resources

from taxi_assets.build import resources_for
from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.origin import origin, publisher_of
from taxi_assets.progress import report_progress
from taxi_assets.resources.publisher import TripPublisher
from taxi_assets.settings import Settings
from taxi_assets.transform.first_rows import REMEDY, describe, first_rows_of
from taxi_assets.transform.month_file import MonthFile

_Count = Callable[[], int]
_Command = Callable[[], str]


def rows_by_place(settings: Settings, dataset: Dataset, month: Month) -> list[tuple[str, int, str]]:
    """Each place a month goes to: its name, the number of rows there, and the command that opens them.

    Raises TaxiError when a place cannot be asked.
    """
    with _places(settings, dataset, month) as places:
        return [(place, count(), command()) for place, count, command in places]


@contextmanager
def _places(settings: Settings, dataset: Dataset, month: Month) -> Iterator[list[tuple[str, _Count, _Command]]]:
    """As `rows_by_place`, but the number and the command are functions, to be called while the block lasts."""
    with build_resources(resources_for(settings)) as parts:
        clean = parts.clean_parquet
        places: dict[str, tuple[Callable[..., int], Callable[..., str]]] = {
            "published": (parts.raw_files.count, parts.raw_files.inspect_command),
            "clean": (clean.count, clean.inspect_command),
            "quarantine": (clean.count_quarantined, clean.inspect_quarantine_command),
            "bucket": (parts.bucket.count, parts.bucket.inspect_command),
            "warehouse": (parts.warehouse.count, parts.warehouse.inspect_command),
            "Postgres": (parts.postgres.count, parts.postgres.inspect_command),
        }
        yield [
            (name, partial(count, dataset, month), partial(command, dataset, month))
            for name, (count, command) in places.items()
        ]


def report(settings: Settings, dataset: Dataset, month: Month) -> str:
    """The table of `rows_by_place`, below a line that says where the month came from.

    A place that cannot be asked has its error in the table. What is waited for is printed meanwhile, to standard error.
    """
    with report_progress(partial(click.echo, err=True), str(month)), _places(settings, dataset, month) as places:
        counted = [_line(*place) for place in places]
    facts = _facts(settings, dataset, month)
    lines = [f"\n{dataset.name} {month}{_source(facts, resources_for(settings)['publisher'])}:\n"]
    lines += counted
    if (first_rows := first_rows_of(facts)) is not None:
        lines.append(f"\n{describe(first_rows)} {REMEDY}")
    return "\n".join(lines)


def _line(place: str, count: _Count, command: _Command) -> str:
    try:
        return f"{place:>12} {count():>12,} rows   {command()}"
    except TaxiError as error:
        return f"{place:>12} {'not known':>17}   {error}"


def _source(facts: Mapping[str, str], publisher: TripPublisher) -> str:
    """The publisher whose file the month was made from, and the publisher of the settings where that is another."""
    if not facts:
        return f", not loaded; the publisher is {publisher.title}"
    now = "" if publisher_of(facts) == publisher.kind else f" (the publisher is {publisher.title} now)"
    return f" from {origin(facts)}{now}"


def _facts(settings: Settings, dataset: Dataset, month: Month) -> Mapping[str, str]:
    """What the file of the clean month says of itself; empty when there is no such file here."""
    path = resources_for(settings)["lake"].create_resource().clean_file(dataset, month)
    return MonthFile.local(path).facts if path.exists() else {}
