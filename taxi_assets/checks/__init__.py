"""Asset checks of each month: that every row is accounted for, and that all copies of the month are the same.

Checks that must pass are blocking: if one fails, the run does not go on to the assets downstream. The others warn.
"""

from __future__ import annotations

import warnings

from dagster import AssetChecksDefinition, PreviewWarning

from taxi_assets.asset_keys import BQ_TABLE, GCS_PARQUET, POSTGRES_TABLE
from taxi_assets.checks.clean import (
    every_row_is_accounted_for,
    no_unknown_columns,
    rows_as_published,
    volume_is_usual,
    zones_are_known,
)
from taxi_assets.checks.copies import adds_up, equals_clean
from taxi_assets.model.datasets import Dataset

__all__ = ["checks_of"]


def checks_of(dataset: Dataset) -> list[AssetChecksDefinition]:
    """The checks of a dataset's assets."""
    # With partitioned checks the UI shows the result of each month. We know that Dagster calls them a preview.
    with warnings.catch_warnings(action="ignore", category=PreviewWarning):
        return [
            every_row_is_accounted_for(dataset),
            rows_as_published(dataset),
            no_unknown_columns(dataset),
            zones_are_known(dataset),
            volume_is_usual(dataset),
            *(equals_clean(dataset, name) for name in (GCS_PARQUET, BQ_TABLE, POSTGRES_TABLE)),
            adds_up(dataset),
        ]
