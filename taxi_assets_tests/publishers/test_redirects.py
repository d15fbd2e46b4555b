"""Where a publisher's server may send us: over real HTTP, between hosts of this machine that have different names."""

from __future__ import annotations

import socket
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import YELLOW_TAXI
from taxi_assets.model.months import Month
from taxi_assets.publishers.base import publisher
from taxi_assets.publishers.download import download
from taxi_assets.publishers.file_version import probe
from taxi_assets.publishers.http import RetryPolicy
from taxi_assets.publishers.redirects import Redirects
from taxi_assets.publishers.sites import DATATALKS_SITE, TLC_SITE
from taxi_assets.publishers.web import WebPublisher
from taxi_assets_tests.servers.publisher import PublisherServer

QUICK = RetryPolicy(connect=5, read=5, total=30, attempts=2, first_wait=0.01, longest_wait=0.02)
CONTENT = b"a month of trips"


@pytest.fixture
def entrance(tmp_path: Path) -> Iterator[PublisherServer]:
    """The server that is asked, at 127.0.0.1."""
    with PublisherServer(tmp_path / "nothing") as running:
        yield running


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[PublisherServer]:
    """A server that has the file."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "trips").write_bytes(CONTENT)
    with PublisherServer(tmp_path / "site") as running:
        yield running


def renamed(server: PublisherServer) -> str:
    """The server's address by another name of this machine."""
    return server.url.replace("127.0.0.1", "localhost")


def pretend_public(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    """Has these hosts resolve to a public address where redirects are judged."""
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        if host in hosts and port is None:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 0))]
        return real(host, port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def refused(url: str, target: Path, redirects: Redirects | None = None) -> str:
    with pytest.raises(TaxiError) as failure:
        download(url, target, None, QUICK, redirects=redirects)
    assert not failure.value.retry
    assert not target.exists()
    with pytest.raises(TaxiError, match="refused"):
        probe(url, None, QUICK, redirects)
    return str(failure.value)


def test_a_redirect_to_another_host_is_refused_before_that_host_is_asked(
    entrance: PublisherServer, elsewhere: PublisherServer, tmp_path: Path
) -> None:
    entrance.redirect("trips", to=f"{renamed(elsewhere)}/", times=9)
    said = refused(f"{entrance.url}/trips", tmp_path / "got")
    assert f"redirects to {renamed(elsewhere)}, which is refused" in said
    assert "name the host in TAXI_REDIRECT_HOSTS: localhost" in said
    assert elsewhere.requests() == []


@pytest.mark.parametrize(
    "redirects", [Redirects(allowed=frozenset({"localhost"})), Redirects(frozenset({"localhost"}))]
)
def test_a_redirect_to_a_host_that_is_allowed_or_known_is_followed(
    entrance: PublisherServer, elsewhere: PublisherServer, tmp_path: Path, redirects: Redirects
) -> None:
    entrance.redirect("trips", to=f"{renamed(elsewhere)}/")
    got = download(f"{entrance.url}/trips", tmp_path / "got", None, QUICK, redirects=redirects)
    assert got is not None
    assert (got.path.read_bytes(), got.url) == (CONTENT, f"{entrance.url}/trips")


@pytest.mark.parametrize(
    "to",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/trips",
        "gopher://127.0.0.1/",
        "data:text/csv,1",
        "http://[",
        "http://127.0.0.1:port/trips",
        "//",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/trips",
        "http://[::1]/trips",
        "http://2130706433/trips",
        "http://127.0.0.1@localhost/trips",
    ],
)
def test_a_redirect_that_leads_to_no_web_address_or_elsewhere_is_refused(
    entrance: PublisherServer, tmp_path: Path, to: str
) -> None:
    entrance.redirect("trips", to=to, times=9)
    refused(f"{entrance.url}/trips", tmp_path / "got")


def test_a_redirect_from_https_to_http_is_refused_also_on_the_same_host() -> None:
    with pytest.raises(TaxiError, match="without encryption"):
        Redirects(allowed=frozenset({"h.example"})).target("https://h.example/a", "http://h.example/a")
    assert Redirects().target("http://h.example/a", "https://h.example/b?c=d") == "https://h.example/b?c=d"


def test_a_known_host_may_not_be_in_a_private_network_when_the_publisher_is_public(
    entrance: PublisherServer, elsewhere: PublisherServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_public(monkeypatch, "127.0.0.1")
    entrance.redirect("trips", to=f"{renamed(elsewhere)}/", times=9)
    said = refused(f"{entrance.url}/trips", tmp_path / "got", Redirects(frozenset({"localhost"})))
    assert "an address in a private network" in said
    assert elsewhere.requests() == []
    entrance.clear()
    entrance.redirect("trips", to=f"{renamed(elsewhere)}/")
    allowed = Redirects(allowed=frozenset({"localhost"}))
    assert download(f"{entrance.url}/trips", tmp_path / "got", None, QUICK, redirects=allowed)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.1.1", False),
        ("172.16.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 an address to refuse
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
    ],
)
def test_every_kind_of_private_address_is_one(address: str, public: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"here.example": "93.184.216.34", "there.example": address}
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, _port: [(0, 0, 0, "", (found[host], 0))])
    known = Redirects(frozenset({"there.example"}))
    if public:
        assert known.target("http://here.example/", "http://there.example/") == "http://there.example/"
    else:
        with pytest.raises(TaxiError, match="private network"):
            known.target("http://here.example/", "http://there.example/")


@pytest.mark.parametrize("same_server", [True, False])
def test_a_password_goes_to_the_server_that_it_is_for_and_to_no_other(
    entrance: PublisherServer, elsewhere: PublisherServer, tmp_path: Path, same_server: bool
) -> None:
    entrance.redirect("trips$", to=f"{entrance.url}/x/trips" if same_server else f"{elsewhere.url}/trips")
    entrance.redirect("x/trips", to=f"{entrance.url}/y/trips")
    with_password = entrance.url.replace("//", "//reader:canary@")
    allowed = Redirects(allowed=frozenset({"localhost"}))
    if same_server:
        with pytest.raises(TaxiError):  # there is no y/trips: what counts is what was sent
            download(f"{with_password}/trips", tmp_path / "got", None, QUICK, redirects=allowed)
    else:
        assert download(f"{with_password}/trips", tmp_path / "got", None, QUICK, redirects=allowed)
        assert [request.headers.get("authorization") for request in elsewhere.requests()] == [None]
    assert all(request.headers.get("authorization") for request in entrance.requests())


def test_a_password_that_a_server_writes_into_a_redirect_is_not_used(
    entrance: PublisherServer, elsewhere: PublisherServer, tmp_path: Path
) -> None:
    entrance.redirect("trips", to=f"{elsewhere.url.replace('//', '//user:theirs@')}/trips")
    assert download(f"{entrance.url}/trips", tmp_path / "got", None, QUICK)
    assert [request.headers.get("authorization") for request in elsewhere.requests()] == [None]


def test_the_body_of_a_redirect_is_not_read(tmp_path: Path) -> None:
    with PublisherServer(tmp_path) as server:
        server.fail("trips", 302, headers={"Location": "/other", "Content-Length": str(1 << 40)})
        tracemalloc.start()
        try:
            with pytest.raises(TaxiError, match="answered 403"):
                download(f"{server.url}/trips", tmp_path / "got", None, QUICK)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 10 << 20


def test_the_sites_know_where_their_files_are() -> None:
    mirror = publisher("https://github.com/me/taxi/releases/download", sample_rows=1, sample_format=None)
    stranger = publisher("https://mirror.example", sample_rows=1, sample_format=None, redirect_hosts=["cdn.example"])
    datatalks = publisher("datatalks", sample_rows=1, sample_format=None)
    tlc = publisher("tlc", sample_rows=1, sample_format=None)
    known = [each._redirects for each in (mirror, stranger, datatalks, tlc) if isinstance(each, WebPublisher)]
    github = frozenset(DATATALKS_SITE.redirect_hosts)
    assert "release-assets.githubusercontent.com" in github
    assert known == [
        Redirects(github),
        Redirects(allowed=frozenset({"cdn.example"})),
        Redirects(github),
        Redirects(frozenset(TLC_SITE.redirect_hosts)),
    ]


def test_a_mirror_follows_redirects_to_the_hosts_that_the_user_allows(
    entrance: PublisherServer, elsewhere: PublisherServer, tmp_path: Path
) -> None:
    mirror = publisher(
        entrance.url, sample_rows=1, sample_format=None, retry_policy=QUICK, redirect_hosts=["localhost"]
    )
    entrance.redirect("yellow", to=f"{renamed(elsewhere)}/trips", times=9)
    assert mirror.probe(YELLOW_TAXI, Month(2021, 1))
    unaware = publisher(entrance.url, sample_rows=1, sample_format=None, retry_policy=QUICK)
    with pytest.raises(TaxiError, match="TAXI_REDIRECT_HOSTS: localhost"):
        unaware.fetch(YELLOW_TAXI, Month(2021, 1), tmp_path, None)
