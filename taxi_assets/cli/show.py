"""Where a month's rows went: counted in every place, with what it takes to look at them.

python -m taxi_assets.cli.show yellow 2021-01
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from dagster import build_resources

from taxi_assets.build import resources_for
from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import DATASETS, Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.origin import origin, publisher_of
from taxi_assets.resources.publisher import TripPublisher
from taxi_assets.settings import Settings, SettingsError, load_env_file
from taxi_assets.transform.first_rows import REMEDY, describe, first_rows_of
from taxi_assets.transform.month_file import MonthFile


def rows_by_place(settings: Settings, dataset: Dataset, month: Month) -> list[tuple[str, int, str]]:
    """For each place a month goes to: its name, the rows that are there, and how to look at them."""
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table for the dataset and month of the command line."""
    parser = argparse.ArgumentParser("python -m taxi_assets.cli.show", description=__doc__)
    parser.add_argument("dataset", choices=sorted(DATASETS))
    parser.add_argument("month", type=Month.parse, help="for example 2021-01")
    given = parser.parse_args(arguments)
    load_env_file()
    try:
        settings = Settings.from_env()
        counted = rows_by_place(settings, DATASETS[given.dataset], given.month)
    except (SettingsError, TaxiError) as error:
        sys.exit(str(error))
    facts = _facts(settings, DATASETS[given.dataset], given.month)
    print(f"\n{given.dataset} {given.month}{_from(facts, resources_for(settings)['publisher'])}:\n")
    for place, rows, look in counted:
        print(f"{place:>12} {rows:>12,} rows   {look}")
    if (first_rows := first_rows_of(facts)) is not None:
        print(f"\n{describe(first_rows)} {REMEDY}")


def _from(facts: Mapping[str, str], publisher: TripPublisher) -> str:
    """Whose file the month was made from, and who is asked for months now, where that is another."""
    if not facts:
        return f", not loaded; the publisher is {publisher.title}"
    now = "" if publisher_of(facts) == publisher.kind else f" (the publisher is {publisher.title} now)"
    return f" from {origin(facts)}{now}"


def _facts(settings: Settings, dataset: Dataset, month: Month) -> Mapping[str, str]:
    """What the file of the clean month says of it; nothing when it is not here."""
    path = resources_for(settings)["lake"].create_resource().clean_file(dataset, month)
    return MonthFile.local(path).facts if path.exists() else {}


if __name__ == "__main__":
    main()
