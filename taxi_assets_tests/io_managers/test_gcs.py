"""The bucket's IO manager, where a month is not in the bucket."""

from __future__ import annotations

import pytest
from dagster_gcp.gcs import GCSResource

from taxi_assets.errors import TaxiError
from taxi_assets.io_managers.gcs import GCSBucket
from taxi_assets.model.datasets import YELLOW_TAXI
from taxi_assets.transform.month_file import MonthFiles
from taxi_assets_tests.destinations.month_files import JANUARY
from taxi_assets_tests.servers.google_login import PROJECT


def test_a_month_that_is_not_there_counts_nothing_and_says_what_to_materialize(bucket: str) -> None:
    manager = GCSBucket(gcs=GCSResource(project=PROJECT), bucket=bucket)
    assert manager.count(YELLOW_TAXI, JANUARY) == 0
    assert manager.source_file(YELLOW_TAXI, JANUARY) is None
    with pytest.raises(TaxiError, match="Materialize gcs_parquet for this month first"):
        manager.read(YELLOW_TAXI, JANUARY, MonthFiles)
