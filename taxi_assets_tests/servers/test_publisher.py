"""What a user of PublisherServer can rely on."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from taxi_assets_tests.servers.publisher import PublisherServer

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PublisherServer]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "trips.parquet").write_bytes(CONTENT)
    (tmp_path / "secret").write_bytes(b"secret")
    with PublisherServer(tmp_path / "site") as running:
        yield running


def get(server: PublisherServer, path: str = "/trips.parquet", **headers: str) -> requests.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(server.url + path, headers=names, timeout=5, allow_redirects=False)


def test_a_file_comes_whole_with_its_validators_and_head_tells_the_same(server: PublisherServer) -> None:
    whole, head = get(server), requests.head(f"{server.url}/trips.parquet", timeout=5)
    assert whole.content == CONTENT
    for name in ("ETag", "Last-Modified", "Content-Length", "Accept-Ranges"):
        assert head.headers[name] == whole.headers[name]
    assert (head.status_code, head.content) == (200, b"")


def test_an_unchanged_file_is_not_sent_again_and_a_replaced_one_is(server: PublisherServer, tmp_path: Path) -> None:
    first = get(server)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert get(server, If_None_Match=f'W/"other", {etag}').status_code == 304
    assert get(server, If_Modified_Since=modified).status_code == 304
    assert get(server, If_None_Match='"other"', If_Modified_Since=modified).status_code == 200
    file = tmp_path / "site" / "trips.parquet"
    file.write_bytes(b"replaced")
    os.utime(file, (time.time() + 5, time.time() + 5))
    assert get(server, If_None_Match=etag).content == b"replaced"
    assert get(server, If_Modified_Since=modified).content == b"replaced"


@pytest.mark.parametrize(
    ("asked", "status", "first", "end"),
    [
        ("bytes=10-19", 206, 10, 20),
        ("bytes=255990-", 206, 255990, 256000),
        ("bytes=-5", 206, 255995, 256000),
        ("bytes=10-9999999", 206, 10, 256000),
        ("bytes=256000-", 416, 0, 0),
        ("bytes=5-1", 200, 0, 256000),
        ("bytes=0-1,4-5", 200, 0, 256000),
    ],
)
def test_a_range_of_bytes_can_be_asked_for(
    server: PublisherServer, asked: str, status: int, first: int, end: int
) -> None:
    answer = get(server, Range=asked)
    assert (answer.status_code, answer.content) == (status, CONTENT[first:end])


def test_a_range_of_an_old_version_brings_the_whole_new_one(server: PublisherServer) -> None:
    etag = get(server).headers["ETag"]
    part = get(server, Range="bytes=10-19", If_Range=etag)
    assert (part.status_code, part.headers["Content-Range"]) == (206, "bytes 10-19/256000")
    assert get(server, Range="bytes=10-19", If_Range='"old"').content == CONTENT


def test_a_missing_file_is_denied_or_not_found(server: PublisherServer, tmp_path: Path) -> None:
    denied = get(server, "/missing.parquet")
    assert (denied.status_code, b"AccessDenied" in denied.content) == (403, True)
    assert get(server, "/%2e%2e/secret").status_code == 403
    with PublisherServer(tmp_path, missing_status=404) as mirror:
        assert get(mirror, "/missing.parquet").status_code == 404


def test_errors_come_as_often_as_asked_and_requests_are_seen(server: PublisherServer) -> None:
    server.fail("trips", 503, times=2)
    server.fail("trips", 429, headers={"Retry-After": "7"})
    answers = [get(server, "/trips.parquet?a=b", X_Test="1") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 429, 200]
    assert answers[2].headers["Retry-After"] == "7"
    seen = server.requests()
    assert [request.status for request in seen] == [503, 503, 429, 200]
    assert (seen[0].method, seen[0].path, seen[0].headers["x-test"]) == ("GET", "/trips.parquet?a=b", "1")
    server.clear()
    assert server.requests() == []


def test_everything_is_refused_while_blocked(server: PublisherServer) -> None:
    server.block()
    assert [get(server).status_code, get(server, "/other").status_code] == [403, 403]
    server.unblock()
    assert get(server).status_code == 200


def test_redirects_and_replaced_bodies(server: PublisherServer) -> None:
    server.redirect("trips", "http://127.0.0.1:1/mirror/")
    server.redirect("trips", "http://127.0.0.1:1/file")
    server.replace_body("trips", b"<html>")
    assert get(server).headers["Location"] == "http://127.0.0.1:1/mirror/trips.parquet"
    assert get(server).headers["Location"] == "http://127.0.0.1:1/file"
    page = get(server)
    assert (page.status_code, page.content, page.headers["Content-Type"]) == (200, b"<html>", "text/html")


def test_a_body_can_be_cut_with_and_without_a_length(server: PublisherServer) -> None:
    server.truncate("trips", after=1000)
    server.truncate("trips", after=1000, keep_length=False)
    assert requests.head(f"{server.url}/trips.parquet", timeout=5).headers["Content-Length"] == str(len(CONTENT))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(server)
    cut = get(server)
    assert (cut.status_code, cut.content) == (200, CONTENT[:1000])
    assert "Content-Length" not in cut.headers


def test_a_body_can_stall_and_drip(server: PublisherServer) -> None:
    server.stall("trips", seconds=0.3, after=1000)
    server.drip("trips", bytes_per_second=len(CONTENT) * 3)
    for _ in range(2):
        started = time.monotonic()
        assert get(server).content == CONTENT
        assert 0.25 < time.monotonic() - started < 2


def test_it_stops_at_once_in_the_middle_of_a_stall(tmp_path: Path) -> None:
    (tmp_path / "trips.parquet").write_bytes(CONTENT)
    with PublisherServer(tmp_path) as server:
        server.stall("trips", seconds=60, after=1000)
        answer = requests.get(f"{server.url}/trips.parquet", timeout=5, stream=True)
        stopped = time.monotonic()
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        _ = answer.content
    assert time.monotonic() - stopped < 1
