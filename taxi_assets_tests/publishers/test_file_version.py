"""What one can rely on when a file is looked at without being fetched: real HTTP, and folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from taxi_assets.errors import TaxiError
from taxi_assets.publishers.file_version import FileVersion, exists, probe
from taxi_assets.publishers.http import NotFoundError, RetryPolicy, TransientError
from taxi_assets_tests.servers.publisher import PublisherServer

QUICK = RetryPolicy(connect=5, read=5, total=30, attempts=2, first_wait=0.01, longest_wait=0.02)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trips"
    path.write_bytes(b"first")
    return path


@pytest.fixture(params=[True, False], ids=["etags", "no etags"])
def server(file: Path, request: pytest.FixtureRequest) -> Iterator[PublisherServer]:
    with PublisherServer(file.parent, etags=request.param) as running:
        yield running


def look(server: PublisherServer, known: FileVersion | None = None) -> FileVersion:
    return probe(f"{server.url}/trips", known, QUICK)


def replace(file: Path, content: bytes) -> None:
    """Puts another file in the place of one, a minute later."""
    modified = file.stat().st_mtime + 60
    file.write_bytes(content)
    os.utime(file, (modified, modified))


def test_a_file_has_the_same_identity_until_it_is_replaced(server: PublisherServer, file: Path) -> None:
    first = look(server)
    assert look(server) == first
    assert look(server, first) == first
    replace(file, b"other")
    assert look(server, first) == look(server) != first


def test_a_known_etag_spares_the_server_the_file(file: Path) -> None:
    with PublisherServer(file.parent) as server:
        first = look(server)
        assert look(server, first) is first
        assert [request.status for request in server.requests()] == [200, 304]
        # An ETag says something of its own URL alone.
        assert look(server, FileVersion("http://elsewhere/trips", first.identity)) == first
        assert server.requests()[-1].status == 200


def test_without_an_etag_the_date_and_the_length_tell_files_apart(file: Path) -> None:
    with PublisherServer(file.parent, etags=False) as server:
        first = look(server)
        assert first.identity.endswith(" GMT, 5 bytes")
        modified = file.stat().st_mtime
        file.write_bytes(b"longer")
        os.utime(file, (modified, modified))
        assert look(server, first).identity == first.identity.replace("5 bytes", "6 bytes")


def test_the_file_itself_is_not_read(server: PublisherServer) -> None:
    server.stall("trips", seconds=60)  # far longer than the retry_policy for reading
    assert look(server).identity


@pytest.mark.parametrize("status", [403, 404, 410])
def test_an_absent_file_is_said_to_be_absent_at_once(server: PublisherServer, status: int) -> None:
    server.fail("trips", status, times=9)
    with pytest.raises(NotFoundError, match=str(status)):
        look(server)
    assert len(server.requests()) == 1


def test_a_server_that_fails_is_asked_again_as_often_as_patience_allows(server: PublisherServer) -> None:
    server.fail("trips", 503)
    assert look(server).identity
    server.clear()
    server.fail("trips", 503, times=9)
    with pytest.raises(TransientError, match="503"):
        look(server)
    assert len(server.requests()) == QUICK.attempts


def test_one_who_asks_to_come_back_later_than_patience_allows_is_not_waited_for(server: PublisherServer) -> None:
    server.fail("trips", 429, headers={"Retry-After": "3600"})
    with pytest.raises(TransientError, match="429"):
        look(server)


def test_a_web_page_is_no_file(server: PublisherServer) -> None:
    server.replace_body("trips", b"<html>Please log in</html>")
    with pytest.raises(TaxiError, match="web page"):
        look(server)


# Files on this machine


def test_a_file_in_a_folder_is_seen_too(file: Path) -> None:
    first = probe(file.as_uri())
    assert probe(file.as_uri(), first) == first
    replace(file, b"other")
    assert probe(file.as_uri(), first) != first
    with pytest.raises(NotFoundError):
        probe((file.parent / "none").as_uri())


def test_a_file_url_works_whatever_characters_are_in_its_path(tmp_path: Path) -> None:
    file = tmp_path / "my mirror, 100% Zoë #1" / "trips"
    file.parent.mkdir()
    file.write_bytes(b"first")
    assert exists(file.as_uri())
    assert not exists((file.parent / "none").as_uri())


# Does it exist?


def test_whether_a_file_exists_is_asked_without_fetching_it(server: PublisherServer) -> None:
    assert exists(f"{server.url}/trips", QUICK)
    assert not exists(f"{server.url}/none", QUICK)
    assert [(request.method, request.status) for request in server.requests()] == [("GET", 200), ("GET", 403)]


def test_a_server_that_cannot_be_asked_is_not_taken_for_one_without_the_file(server: PublisherServer) -> None:
    server.fail("trips", 503, times=99)
    with pytest.raises(TransientError):
        exists(f"{server.url}/trips", QUICK)
