"""The two publications of a month, CSV and Parquet, come to the same clean rows in every era."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from taxi_assets.model.datasets import DATASETS, Dataset, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.transform.cleaning import CleanedMonth
from taxi_assets.transform.reading import read_month

pytestmark = pytest.mark.slow

OURS = {"source_file", "quality_flags", "vendor_text", "payment_text"}
"""Ours, and the spelled-out codes: some eras spell them in one of the publications only."""
DISPATCHED = {"congestion_surcharge", "vendor_id", "payment_type"}
"""Empty in the CSV of trips that were dispatched, or in their Parquet: the publications differ there."""


def _months() -> list[tuple[str, Month]]:
    """The first month of each era that both publications have."""
    found = []
    for name, dataset in DATASETS.items():
        csv, parquet = ({era.first for era in dataset.eras(form)} for form in ("csv.gz", "parquet"))
        found += [(name, month) for month in sorted(csv | parquet) if month >= max(min(csv), min(parquet))]
    return found


def _clean_rows(dataset: Dataset, month: Month, path: Path) -> tuple[set[str], dict[int, dict[str, Any]]]:
    """The columns that the file has, and its clean rows by their place in it."""
    file_format: FileFormat = "parquet" if path.suffix == ".parquet" else "csv.gz"
    write_sample(dataset, month, path, rows=600, file_format=file_format)
    stream = read_month(path, file_format, dataset.published_columns)
    cleaned = CleanedMonth(dataset, month, path.name, stream)
    rows = {row["source_row"]: row for clean, _ in cleaned for row in clean.to_pylist()}
    return set(stream.published), rows


@pytest.mark.parametrize(("name", "month"), _months(), ids=str)
def test_csv_and_parquet_of_a_month_hold_the_same_trips(name: str, month: Month, tmp_path: Path) -> None:
    dataset = DATASETS[name]
    in_csv, csv = _clean_rows(dataset, month, tmp_path / "month.csv.gz")
    in_parquet, parquet = _clean_rows(dataset, month, tmp_path / "month.parquet")
    both = csv.keys() & parquet.keys()
    # The distance, of which some are impossible, is in fhvhv's Parquet only.
    assert len(both) >= min(len(csv), len(parquet)) - 1
    for row in both:
        for column in (in_csv & in_parquet) - OURS:
            published = csv[row][column], parquet[row][column]
            assert published[0] == published[1] or (column in DISPATCHED and None in published), (row, column)
