"""A month of several pieces reaches the bucket whole, whatever happens to the pieces."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest
from google.cloud import storage

from taxi_assets.destinations.gcs.bucket import Bucket
from taxi_assets_tests.destinations.month_files import JANUARY, month_files
from taxi_assets_tests.servers.gcs import GcsServer
from taxi_assets_tests.servers.google_login import PROJECT


@pytest.mark.slow
@pytest.mark.fault(25)
def test_a_resumable_upload_survives_errors_and_a_reset_between_its_pieces(
    bucket: str, gcs: GcsServer, tmp_path: Path
) -> None:
    noise = pa.array([os.urandom(20_000) for _ in range(1_000)], pa.binary())
    path = month_files(tmp_path, JANUARY, 1_000, {"noise": noise}).clean.path
    assert path is not None
    gcs.fail(method="POST", status=503, times=2)
    gcs.fail(method="PUT", status=503, times=2, skip=1)
    gcs.drop(method="PUT")
    store = Bucket(storage.Client(project=PROJECT), bucket)
    store.upload(path, "trips/month.parquet")
    store.file("trips/month.parquet").download(tmp_path / "back.parquet")  # type: ignore[misc]
    assert (tmp_path / "back.parquet").read_bytes() == path.read_bytes()
    assert [method for method, _ in gcs.requests()].count("PUT") > 3
