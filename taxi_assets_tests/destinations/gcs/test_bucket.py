"""A month's object in the bucket: uploaded whole, checked, never over somebody else's newer copy."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest
from google.cloud import storage

from taxi_assets import progress
from taxi_assets.destinations.gcs.bucket import Bucket
from taxi_assets.errors import MissingObjectError, TaxiError
from taxi_assets_tests.destinations.month_files import JANUARY, month_files
from taxi_assets_tests.servers.gcs import GcsServer
from taxi_assets_tests.servers.google_login import PROJECT

pytestmark = pytest.mark.slow

NAME = "trips/yellow/trip_month=2021-01-01/yellow_tripdata_2021-01.parquet"


@pytest.fixture
def store(bucket: str) -> Bucket:
    return Bucket(storage.Client(project=PROJECT), bucket)


def _path(folder: Path, count: int) -> Path:
    path = month_files(folder, JANUARY, count).clean.path
    assert path is not None
    return path


def test_a_month_is_uploaded_and_described_from_its_footer(store: Bucket, tmp_path: Path) -> None:
    uploaded = store.upload(_path(tmp_path, 100), NAME)
    found = store.file(NAME)
    assert (found.uri, found.rows, found.size, found.schema) == (
        f"gs://{store.name}/{NAME}",
        100,
        uploaded.size,
        uploaded.schema,
    )


def test_its_rows_can_be_read_back(store: Bucket, tmp_path: Path) -> None:
    store.upload(_path(tmp_path, 100), NAME)
    assert store.file(NAME).batches().read_all().num_rows == 100
    assert len(store.file(NAME).frame()) == 100


def test_the_same_bytes_are_not_sent_twice(store: Bucket, tmp_path: Path, gcs: GcsServer) -> None:
    path = _path(tmp_path, 100)
    store.upload(path, NAME)
    gcs.clear()
    store.upload(path, NAME)
    assert [method for method, _ in gcs.requests()] == ["GET"]


def test_new_bytes_replace_the_old(store: Bucket, tmp_path: Path) -> None:
    store.upload(_path(tmp_path, 100), NAME)
    store.upload(_path(tmp_path, 70), NAME)
    assert store.file(NAME).rows == 70


@pytest.mark.fault(25)
def test_server_errors_and_dropped_connections_are_survived(store: Bucket, tmp_path: Path, gcs: GcsServer) -> None:
    gcs.fail(method="POST", status=503, times=2)
    gcs.drop(method="POST")
    store.upload(_path(tmp_path, 100), NAME)
    assert store.file(NAME).rows == 100


def test_a_large_month_goes_in_pieces_that_fit_into_memory_and_says_how_far_it_is(
    store: Bucket, tmp_path: Path, gcs: GcsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = pa.array([os.urandom(20_000) for _ in range(1_000)], pa.binary())
    path = month_files(tmp_path, JANUARY, 1_000, {"noise": noise}).clean.path
    assert path is not None
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    lines: list[str] = []
    with progress.report_progress(lines.append, "yellow 2021-01"):
        store.upload(path, NAME)
    assert store.file(NAME).rows == 1_000
    assert [method for method, _ in gcs.requests()].count("PUT") == 3
    assert f"yellow 2021-01: uploading, 42%, 8.4 of {path.stat().st_size / 1e6:.1f} MB" in lines[-2]


@pytest.mark.fault(26)
def test_an_upload_whose_answer_is_lost_counts_when_the_bytes_are_there(
    store: Bucket, tmp_path: Path, gcs: GcsServer
) -> None:
    gcs.lose_response(method="POST")
    store.upload(_path(tmp_path, 100), NAME)
    assert store.file(NAME).rows == 100


@pytest.mark.fault(26)
def test_another_writers_newer_copy_is_not_overwritten(
    store: Bucket, tmp_path: Path, gcs: GcsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other writer comes between our look at the object and our upload."""
    look = Bucket._checksum

    def look_and_lose_the_race(self: Bucket, blob: storage.Blob) -> str | None:
        seen = look(self, blob)
        monkeypatch.setattr(Bucket, "_checksum", look)
        store.client.bucket(store.name).blob(NAME).upload_from_filename(str(_path(tmp_path, 70)))
        return seen

    monkeypatch.setattr(Bucket, "_checksum", look_and_lose_the_race)
    with pytest.raises(TaxiError, match="Another writer replaced") as raised:
        store.upload(_path(tmp_path, 100), NAME)
    assert raised.value.retry
    assert store.file(NAME).rows == 70


@pytest.mark.fault(27)
def test_corrupt_bytes_on_the_way_back_are_noticed(store: Bucket, tmp_path: Path, gcs: GcsServer) -> None:
    store.upload(_path(tmp_path, 100), NAME)
    file = store.file(NAME)
    gcs.corrupt(path=r"alt=media", times=10)
    with pytest.raises(Exception, match=r"(?i)checksum"):
        file.frame()


def test_a_missing_object_is_named(store: Bucket) -> None:
    with pytest.raises(MissingObjectError, match=f"There is no gs://{store.name}/{NAME}"):
        store.file(NAME)


def test_a_missing_bucket_says_which_setting_to_look_at(gcs: GcsServer, tmp_path: Path) -> None:
    store = Bucket(storage.Client(project=PROJECT), "no-such-bucket")
    with pytest.raises(TaxiError, match="TAXI_GCS_BUCKET"):
        store.upload(_path(tmp_path, 1), NAME)
