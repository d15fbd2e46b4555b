"""All checks of a month together, on months that are as they should be."""

from __future__ import annotations

import pytest

from taxi_assets.model.datasets import DATASETS
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import checks, run_month

pytestmark = pytest.mark.slow

MONTH = "2020-04"
BLOCKING = {
    "clean_trips every_row_is_accounted_for",
    "clean_trips zones_are_known",
    "gcs_parquet equals_clean_trips",
    "bq_table equals_clean_trips",
    "postgres_table equals_clean_trips",
}


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_check_of_a_month_passes(settings: Settings, dataset: str) -> None:
    found = checks(run_month(settings, dataset, MONTH))
    assert set(found) >= BLOCKING
    failed = {name: check.description for name, check in found.items() if not check.passed}
    assert not failed


def test_every_check_passes_through_bucket_and_bigquery(google_settings: Settings) -> None:
    found = checks(run_month(google_settings, "green", MONTH))
    assert all(found[name].passed for name in BLOCKING)
