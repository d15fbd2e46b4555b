"""Where a month's rows are: how many in every place, and the command that opens them."""

from __future__ import annotations

from collections.abc import Mapping

from dagster import build_resources

from taxi_assets.build import resources_for
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.origin import origin, publisher_of
from taxi_assets.resources.publisher import TripPublisher
from taxi_assets.settings import Settings
from taxi_assets.transform.first_rows import REMEDY, describe, first_rows_of
from taxi_assets.transform.month_file import MonthFile


def rows_by_place(settings: Settings, dataset: Dataset, month: Month) -> list[tuple[str, int, str]]:
    """Each place a month goes to: its name, the number of rows there, and the command that opens them."""
    with build_resources(resources_for(settings)) as parts:
        places = {
            "published": parts.raw_files,
            "clean": parts.clean_parquet,
            "bucket": parts.bucket,
            "warehouse": parts.warehouse,
            "Postgres": parts.postgres,
        }
        rows = [
            (name, manager.count(dataset, month), manager.inspect_command(dataset, month))
            for name, manager in places.items()
        ]
        clean = parts.clean_parquet
        quarantine = clean.count_quarantined(dataset, month), clean.inspect_quarantine_command(dataset, month)
    return [*rows[:2], ("quarantine", *quarantine), *rows[2:]]


def report(settings: Settings, dataset: Dataset, month: Month) -> str:
    """The table of `rows_by_place`, below a line that says where the month came from. Raises TaxiError."""
    counted = rows_by_place(settings, dataset, month)
    facts = _facts(settings, dataset, month)
    lines = [f"\n{dataset.name} {month}{_source(facts, resources_for(settings)['publisher'])}:\n"]
    lines += [f"{place:>12} {rows:>12,} rows   {command}" for place, rows, command in counted]
    if (first_rows := first_rows_of(facts)) is not None:
        lines.append(f"\n{describe(first_rows)} {REMEDY}")
    return "\n".join(lines)


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
