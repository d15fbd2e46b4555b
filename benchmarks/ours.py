"""Stages of our path without Dagster, each a process of its own.

python -m benchmarks.ours clean yellow 2021-01 MONTH.csv.gz FOLDER: published file → clean and quarantined Parquet.
python -m benchmarks.ours load yellow 2021-01 FOLDER URL: those → swapped, indexed, counted month in Postgres.
python -m benchmarks.ours compared yellow 2021-01 FOLDER URL: the same, then summed up and compared column by column.

They call what the IO managers call, in the same order.
"""

import sys
from pathlib import Path

from taxi_assets.bounds import bound_libraries
from taxi_assets.model.datasets import DATASETS, Dataset
from taxi_assets.model.months import Month


def clean(dataset: Dataset, month: Month, source: Path, folder: Path) -> None:
    from taxi_assets.metadata.chart.counts import TripCounts
    from taxi_assets.transform.cleaning import CleanedMonth
    from taxi_assets.transform.reading import read_month
    from taxi_assets.transform.writing import write_both

    stream = read_month(source, "parquet" if source.suffix == ".parquet" else "csv.gz", dataset.published_columns)
    cleaned = CleanedMonth(dataset, month, source.name, stream, scratch=folder)
    write_both(cleaned, folder / "clean.parquet", folder / "quarantine.parquet", TripCounts(dataset, month))
    print(f"{cleaned.tally.clean:,} rows")


def load(dataset: Dataset, month: Month, folder: Path, url: str, *, compare: bool) -> None:
    from taxi_assets.destinations.descriptions import descriptions_of
    from taxi_assets.destinations.postgres.table import PostgresTable
    from taxi_assets.transform.checksums import CHECKSUMS, Checksums
    from taxi_assets.transform.month_file import MonthFile, MonthFiles

    table = PostgresTable(url, "public", dataset.table, descriptions_of(dataset))
    files = MonthFiles(*(MonthFile.local(folder / f"{name}.parquet") for name in ("clean", "quarantine")))
    print(f"{table.replace_month(month, files):,} rows")
    if compare and (found := table.checksums(month).differences(Checksums.from_json(files.clean.facts[CHECKSUMS]))):
        raise SystemExit("\n".join(found))


def main(stage: str, dataset: str, month: str, source: str, target: str) -> None:
    if stage == "clean":
        clean(DATASETS[dataset], Month.parse(month), Path(source), Path(target))
    else:
        load(DATASETS[dataset], Month.parse(month), Path(source), target, compare=stage == "compared")


if __name__ == "__main__":
    bound_libraries()
    main(*sys.argv[1:])
