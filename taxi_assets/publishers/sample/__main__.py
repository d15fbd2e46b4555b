"""The sample publisher's command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from taxi_assets.atomic_files import replacing
from taxi_assets.model.datasets import DATASETS, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.generator import write_sample


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m taxi_assets.publishers.sample", description="Writes a sample month.")
    parser.add_argument("dataset", choices=sorted(DATASETS))
    parser.add_argument("month", type=Month.parse, help="for example 2021-01")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--format", choices=get_args(FileFormat), help="by the file's name, else parquet")
    parser.add_argument("--to", type=Path, default=Path(), help="a folder, or the file to write")
    given = parser.parse_args(arguments)
    dataset = DATASETS[given.dataset]
    file_format: FileFormat = given.format or ("csv.gz" if given.to.name.endswith(".csv.gz") else "parquet")
    path = given.to / f"{dataset.month_name(given.month)}.{file_format}" if given.to.is_dir() else given.to
    with replacing(path) as unfinished:
        write_sample(dataset, given.month, unfinished, rows=given.rows, file_format=file_format)
    print(path)


if __name__ == "__main__":
    main()
