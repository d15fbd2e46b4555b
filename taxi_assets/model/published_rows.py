"""How many rows the publishers' files have, where that is known; the counts are in `published_rows.csv`.

Those of publisher `tlc` are from the footers of TLC's Parquet files (yellow from 2009-01, green from 2014-01, fhv from
2015-01, fhvhv from 2019-02, all to 2024-05) as they were in mid-2024. TLC replaces files without notice: a month
republished since may differ. Those of publisher `datatalks` were reported by users of the mirror's CSV files of July
2022, for some months of yellow and green from 2019-01 to 2021-03. The two publishers differ for the same month: a
count belongs to publisher, dataset and month.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month


def published_rows(publisher: str, dataset: Dataset, month: Month) -> int | None:
    """The rows of a month's published file; None where the count is not known."""
    return _facts().get((publisher, dataset.name, month))


def known_until(publisher: str, dataset: Dataset) -> Month | None:
    """The last month of which a publisher's count is known; None where none is."""
    return max((month for name, of, month in _facts() if (name, of) == (publisher, dataset.name)), default=None)


@cache
def _facts() -> dict[tuple[str, str, Month], int]:
    text = files("taxi_assets.model").joinpath("published_rows.csv").read_text(encoding="utf-8")
    return {
        (row["publisher"], row["dataset"], Month.parse(row["month"])): int(row["rows"])
        for row in csv.DictReader(text.splitlines())
    }
