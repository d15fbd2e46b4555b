"""What a user of GcsServer can rely on, with Google's own client."""

import io
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from google.api_core.exceptions import GoogleAPICallError, NotFound, PreconditionFailed
from google.cloud.storage import Blob, Bucket, Client
from google.cloud.storage.exceptions import DataCorruption

from taxi_assets_tests.servers.gcs import GcsServer

pytestmark = pytest.mark.slow

CHUNK = 256 * 1024
BIG = bytes(range(256)) * (3 * CHUNK // 256)


def upload_in_chunks(blob: Blob) -> None:
    # The client takes a resumable upload for what is over 8 MiB or of unknown size.
    blob.upload_from_file(io.BytesIO(BIG), size=None, if_generation_match=0, checksum="crc32c")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcsServer]:
    with GcsServer(tmp_path_factory.mktemp("gcs")) as running:
        yield running


@pytest.fixture
def bucket(server: GcsServer, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
    server.clear()
    bucket = Client(project="test-project").create_bucket(f"bucket-{uuid.uuid4().hex}")
    server.clear()
    return bucket


def test_creating_an_object_twice_with_generation_zero_is_refused(bucket: Bucket) -> None:
    blob = bucket.blob("a/b.txt")
    blob.upload_from_string(b"first", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        bucket.blob("a/b.txt").upload_from_string(b"second", if_generation_match=0)
    assert bucket.blob("a/b.txt").download_as_bytes() == b"first"


def test_a_resumable_upload_is_refused_when_its_session_is_opened(server: GcsServer, bucket: Bucket) -> None:
    bucket.blob("x").upload_from_string(b"first")
    server.clear()
    with pytest.raises(PreconditionFailed):
        upload_in_chunks(bucket.blob("x", chunk_size=CHUNK))
    assert [method for method, _ in server.requests()] == ["POST"]
    assert "uploadType=resumable" in server.requests()[0][1]


def test_a_resumable_upload_is_refused_when_the_object_changed_meanwhile(bucket: Bucket) -> None:
    url = bucket.blob("x").create_resumable_upload_session(size=len(BIG), if_generation_match=0)
    bucket.blob("x").upload_from_string(b"other")
    assert requests.put(url, data=BIG, timeout=10).status_code == 412
    assert bucket.blob("x").download_as_bytes() == b"other"


def test_an_object_is_replaced_only_at_the_generation_named(bucket: Bucket) -> None:
    blob = bucket.blob("x")
    blob.upload_from_string(b"1")
    old = blob.generation
    blob.upload_from_string(b"2", if_generation_match=old)
    assert blob.generation != old
    with pytest.raises(PreconditionFailed):
        blob.upload_from_string(b"3", if_generation_match=old)
    with pytest.raises(PreconditionFailed):
        bucket.blob("x").delete(if_generation_match=old)
    with pytest.raises(PreconditionFailed):
        bucket.blob("x").reload(if_generation_match=old)
    with pytest.raises(NotFound):
        bucket.blob("x", generation=old).delete()
    bucket.blob("x").delete(if_generation_match=blob.generation)
    with pytest.raises(NotFound):
        bucket.blob("x").delete(if_generation_match=blob.generation)


def test_rewrite_and_copy_keep_both_objects_preconditions(bucket: Bucket) -> None:
    source, target = bucket.blob("source"), bucket.blob("target")
    source.upload_from_string(b"new")
    target.upload_from_string(b"old")
    for conditions in ({"if_generation_match": 0}, {"if_source_generation_match": 1}):
        with pytest.raises(PreconditionFailed):
            bucket.blob("target").rewrite(bucket.blob("source"), **conditions)
        with pytest.raises(PreconditionFailed):
            bucket.copy_blob(bucket.blob("source"), bucket, "target", **conditions)
    assert bucket.blob("target").download_as_bytes() == b"old"
    bucket.blob("target").rewrite(bucket.blob("source"), if_generation_match=target.generation)
    assert bucket.blob("target").download_as_bytes() == b"new"


@pytest.mark.parametrize("fault", ["fail", "drop", "lose_response"])
@pytest.mark.parametrize("chunk", [0, 2])
def test_a_resumable_upload_recovers_in_any_chunk(server: GcsServer, bucket: Bucket, fault: str, chunk: int) -> None:
    getattr(server, fault)(method="PUT", path="upload_id", skip=chunk)
    upload_in_chunks(bucket.blob("x", chunk_size=CHUNK))
    assert bucket.blob("x").download_as_bytes() == BIG
    assert [method for method, _ in server.requests()].count("PUT") > 3


def test_a_lost_response_leaves_the_object_there_and_refuses_the_retry(server: GcsServer, bucket: Bucket) -> None:
    server.lose_response(method="POST", path="/upload/")
    with pytest.raises(PreconditionFailed):
        bucket.blob("x").upload_from_string(b"content", if_generation_match=0)
    assert bucket.blob("x").download_as_bytes() == b"content"


def test_an_upload_that_breaks_off_makes_no_object(server: GcsServer, bucket: Bucket) -> None:
    upload = f"POST /upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=x HTTP/1.1\r\nContent-Length: 10\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1]))) as connection:
        connection.sendall(upload.encode() + b"half")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert bucket.get_blob("x") is None


def test_errors_of_the_server_are_retried_and_seen_in_its_requests(server: GcsServer, bucket: Bucket) -> None:
    server.fail(method="GET", path="/o/x", status=503)
    server.fail(method="GET", path="/o/x", status=429, headers={"Retry-After": "1"})
    bucket.blob("x").upload_from_string(b"content", if_generation_match=0)
    assert bucket.get_blob("x").size == 7
    assert [path.split("?")[0] for method, path in server.requests() if method == "GET"] == [
        f"/storage/v1/b/{bucket.name}/o/x"
    ] * 3
    server.clear()
    assert server.requests() == []
    server.fail(status=403, path="/o/x")
    with pytest.raises(GoogleAPICallError, match="403"):
        bucket.get_blob("x")


def test_a_download_cut_short_is_noticed(server: GcsServer, bucket: Bucket) -> None:
    bucket.blob("x").upload_from_string(BIG)
    server.truncate(path="alt=media", after=1000)
    assert bucket.blob("x").download_as_bytes() == BIG
    server.truncate(path="alt=media", after=1000, keep_length=False, times=9)
    with pytest.raises(DataCorruption):
        bucket.blob("x").download_as_bytes()


def test_a_changed_byte_is_noticed(server: GcsServer, bucket: Bucket) -> None:
    bucket.blob("x").upload_from_string(BIG)
    server.corrupt(path="alt=media", times=9)
    with pytest.raises(DataCorruption):
        bucket.blob("x").download_as_bytes()


def test_objects_survive_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents: list[bytes] = []
    for _ in range(2):
        with GcsServer(tmp_path) as server:
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
            client = Client(project="test-project")
            if not contents:
                client.create_bucket("kept").blob("month=2021-01-01/x.parquet").upload_from_string(b"rows")
            contents.append(client.bucket("kept").blob("month=2021-01-01/x.parquet").download_as_bytes())
    assert contents == [b"rows", b"rows"]
