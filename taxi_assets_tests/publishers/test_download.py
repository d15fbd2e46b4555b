"""What one can rely on when a file is fetched: over real HTTP, from a server that misbehaves on command."""

import hashlib
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from taxi_assets.errors import TaxiError
from taxi_assets.publishers.download import download
from taxi_assets.publishers.http import NotFoundError, RetryPolicy, TransientError, Validators
from taxi_assets_tests.servers.loopback import LoopbackHandler, LoopbackServer
from taxi_assets_tests.servers.publisher import PublisherServer

CONTENT = bytes(range(256)) * 1000
QUICK = RetryPolicy(connect=5, read=5, total=30, attempts=3, first_wait=0.01, longest_wait=0.02)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PublisherServer]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "trips").write_bytes(CONTENT)
    with PublisherServer(tmp_path / "site") as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "fetched"


def statuses(server: PublisherServer) -> list[int]:
    return [request.status for request in server.requests()]


def test_a_file_arrives_whole_with_its_hash_its_size_and_what_the_server_said_of_it(
    server: PublisherServer, target: Path
) -> None:
    got = download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert got is not None
    assert target.read_bytes() == CONTENT
    assert (got.path, got.url) == (target, f"{server.url}/trips")
    assert (got.sha256, got.size) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert got.validators.etag
    assert got.validators.last_modified


# Trying again


@pytest.mark.fault(2)
def test_a_503_twice_is_retried_and_succeeds(server: PublisherServer, target: Path) -> None:
    server.fail("trips", 503, times=2)
    assert download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert statuses(server) == [503, 503, 200]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
@pytest.mark.fault(2)
def test_every_status_that_may_pass_is_retried(server: PublisherServer, target: Path, status: int) -> None:
    server.fail("trips", status)
    assert download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert statuses(server) == [status, 200]


@pytest.mark.fault(3)
def test_a_503_for_ever_is_given_up_after_as_many_attempts_as_allowed(server: PublisherServer, target: Path) -> None:
    server.fail("trips", 503, times=99)
    with pytest.raises(TransientError, match="answered 503") as failure:
        download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert failure.value.retry
    assert statuses(server) == [503] * QUICK.attempts


@pytest.mark.parametrize("status", [403, 404, 410])
@pytest.mark.fault(1)
def test_an_absent_file_is_said_to_be_absent_without_another_try(
    server: PublisherServer, target: Path, status: int
) -> None:
    server.fail("trips", status)
    with pytest.raises(NotFoundError) as failure:
        download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert (failure.value.status, failure.value.retry) == (status, False)
    assert statuses(server) == [status]
    assert not target.exists()


@pytest.mark.parametrize("status", [400, 401, 451, 501])
def test_any_other_refusal_fails_at_once_and_names_the_status(
    server: PublisherServer, target: Path, status: int
) -> None:
    server.fail("trips", status)
    with pytest.raises(TaxiError, match=f"answered {status}") as failure:
        download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert not failure.value.retry
    assert statuses(server) == [status]


def test_retry_after_is_heeded(server: PublisherServer, target: Path) -> None:
    server.fail("trips", 429, headers={"Retry-After": "1"})
    started = time.monotonic()
    assert download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert time.monotonic() - started > 0.9


@pytest.mark.parametrize("as_date", [False, True])
def test_a_retry_after_beyond_our_patience_is_not_waited_for(
    server: PublisherServer, target: Path, as_date: bool
) -> None:
    hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True) if as_date else "3600"
    server.fail("trips", 503, headers={"Retry-After": hour})
    started = time.monotonic()
    with pytest.raises(TransientError) as failure:
        download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert time.monotonic() - started < 10
    assert 3500 < failure.value.wait <= 3600
    assert statuses(server) == [503]


@pytest.mark.parametrize("text", ["", "soon", "-3", "²", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_retry_after_without_sense_is_ignored(server: PublisherServer, target: Path, text: str) -> None:
    server.fail("trips", 503, headers={"Retry-After": text})
    assert download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert statuses(server) == [503, 200]


def test_a_server_that_does_not_listen_is_tried_again_and_then_named(target: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound and never listening: the port is ours, and refuses
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/trips"
        with pytest.raises(TransientError, match="cannot be reached") as failure:
            download(url, target, retry_policy=QUICK)
    assert url in str(failure.value)


def test_a_url_that_is_none_fails_at_once(target: Path) -> None:
    with pytest.raises(TaxiError, match="cannot be fetched") as failure:
        download("http://", target, retry_policy=QUICK)
    assert not failure.value.retry


# Cut, stalled and slow bodies


@pytest.mark.fault(5)
def test_a_body_shorter_than_its_content_length_is_fetched_again(server: PublisherServer, target: Path) -> None:
    server.truncate("trips", after=1000)
    assert download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert target.read_bytes() == CONTENT
    assert statuses(server) == [200, 200]


def test_a_body_that_is_always_cut_is_given_up(server: PublisherServer, target: Path) -> None:
    server.truncate("trips", after=1000, times=99)
    with pytest.raises(TransientError, match=r"broke off|Connection broken") as failure:
        download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert failure.value.retry
    assert len(statuses(server)) == QUICK.attempts


@pytest.mark.parametrize("after", [0, 1000])
@pytest.mark.fault(4)
def test_a_stalled_server_is_given_up_after_the_read_timeout(server: PublisherServer, target: Path, after: int) -> None:
    server.stall("trips", seconds=60, after=after, times=99)
    started = time.monotonic()
    with pytest.raises(TransientError, match="stopped sending"):
        download(f"{server.url}/trips", target, retry_policy=replace(QUICK, read=0.2, attempts=2))
    assert time.monotonic() - started < 10
    assert len(statuses(server)) == 2


@pytest.mark.fault(4)
def test_after_a_stall_the_file_is_fetched_again(server: PublisherServer, target: Path) -> None:
    server.stall("trips", seconds=60, after=1000)
    assert download(f"{server.url}/trips", target, retry_policy=replace(QUICK, read=0.5))
    assert target.read_bytes() == CONTENT


@pytest.mark.fault(4)
def test_a_slow_drip_is_ended_by_the_total_deadline(server: PublisherServer, target: Path) -> None:
    server.drip("trips", bytes_per_second=1000, times=99)
    started = time.monotonic()
    with pytest.raises(TransientError, match="too slow"):
        download(f"{server.url}/trips", target, retry_policy=replace(QUICK, total=0.5))
    assert time.monotonic() - started < 5
    assert len(statuses(server)) == 1


class Unusual(LoopbackHandler):
    """Answers as some servers do: the body in chunks, and labelled as gzip. /cut ends before the last chunk."""

    def answer(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        for start in range(0, len(CONTENT), 5000):
            chunk = CONTENT[start : start + 5000]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        if self.path == "/cut":
            self.drop()
        else:
            self.wfile.write(b"0\r\n\r\n")


@pytest.fixture
def unusual() -> Iterator[LoopbackServer]:
    server = LoopbackServer(Unusual).start()
    yield server
    server.stop()


def test_a_chunked_body_is_kept_as_sent_whatever_its_content_encoding(unusual: LoopbackServer, target: Path) -> None:
    assert download(f"{unusual.url}/trips", target, retry_policy=QUICK)
    assert target.read_bytes() == CONTENT


def test_a_chunked_body_without_its_end_is_refused(unusual: LoopbackServer, target: Path) -> None:
    with pytest.raises(TransientError, match="stopped sending"):
        download(f"{unusual.url}/cut", target, retry_policy=QUICK)


# Unchanged files


def test_an_unchanged_file_is_not_downloaded_again(server: PublisherServer, target: Path) -> None:
    first = download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert first is not None
    again = target.with_name("again")
    assert download(f"{server.url}/trips", again, first.validators, QUICK) is None
    assert statuses(server) == [200, 304]
    assert not again.exists()


def test_the_date_alone_tells_too_that_a_file_is_unchanged(server: PublisherServer, target: Path) -> None:
    first = download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert first is not None
    assert download(f"{server.url}/trips", target, replace(first.validators, etag=None), QUICK) is None
    assert statuses(server) == [200, 304]


@pytest.mark.parametrize("known", [None, Validators(), Validators(etag='"other"')])
def test_a_changed_file_or_one_of_which_nothing_is_known_is_downloaded(
    server: PublisherServer, target: Path, known: Validators | None
) -> None:
    assert download(f"{server.url}/trips", target, known, QUICK)
    assert target.read_bytes() == CONTENT


def test_not_modified_without_our_having_asked_is_an_error(server: PublisherServer, target: Path) -> None:
    server.fail("trips", 304)
    with pytest.raises(TaxiError, match="304 to an unconditional request"):
        download(f"{server.url}/trips", target, retry_policy=QUICK)


# Redirects


def test_redirects_are_followed(server: PublisherServer, target: Path, tmp_path: Path) -> None:
    with PublisherServer(tmp_path) as entrance:
        entrance.redirect("trips", to=f"{server.url}/")
        got = download(f"{entrance.url}/trips", target, retry_policy=QUICK)
        assert got is not None
        assert got.url == f"{entrance.url}/trips"
    assert target.read_bytes() == CONTENT


def test_an_unchanged_file_behind_a_redirect_is_not_downloaded_again(
    server: PublisherServer, target: Path, tmp_path: Path
) -> None:
    with PublisherServer(tmp_path) as entrance:
        entrance.redirect("trips", to=f"{server.url}/", times=2)
        first = download(f"{entrance.url}/trips", target, retry_policy=QUICK)
        assert first is not None
        assert download(f"{entrance.url}/trips", target, first.validators, QUICK) is None
    assert statuses(server) == [200, 304]


def test_redirects_in_a_circle_end(server: PublisherServer, target: Path) -> None:
    server.redirect("trips", to="/trips", times=999)
    with pytest.raises(TaxiError, match="redirects") as failure:
        download(f"{server.url}/trips", target, retry_policy=QUICK)
    assert not failure.value.retry


# Files on this machine


def test_a_file_url_works_whatever_characters_are_in_its_path(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "my mirror, 100% Zoë #1" / "trips"
    source.parent.mkdir()
    source.write_bytes(CONTENT)
    got = download(source.as_uri(), target)
    assert got is not None
    assert (got.size, got.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert target.read_bytes() == CONTENT


def test_an_unchanged_file_of_a_file_url_is_not_copied_again_and_a_replaced_one_is(
    tmp_path: Path, target: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    first = download(source.as_uri(), target)
    assert first is not None
    assert download(source.as_uri(), target, first.validators) is None
    source.write_bytes(b"replaced")
    assert download(source.as_uri(), target, first.validators)
    assert target.read_bytes() == b"replaced"


def test_an_absent_file_of_a_file_url_is_said_to_be_absent(tmp_path: Path, target: Path) -> None:
    with pytest.raises(NotFoundError):
        download((tmp_path / "none").as_uri(), target)
