"""What one can rely on when a month is looked at, not fetched: published, not yet, or are we refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dagster import AssetMaterialization

from taxi_assets.errors import BlockedError
from taxi_assets.metadata.publication import publication_metadata
from taxi_assets.metadata.recorded import FetchedFile
from taxi_assets.model.datasets import GREEN_TAXI, YELLOW_TAXI
from taxi_assets.model.months import Month
from taxi_assets.publishers.base import Publisher, publisher
from taxi_assets.publishers.http import QUICK, RetryPolicy, TransientError
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.publishers.sample.publisher import SamplePublisher
from taxi_assets.resources.publisher import TripPublisher
from taxi_assets_tests.servers.publisher import PublisherServer

FAST = RetryPolicy(connect=5, read=5, total=30, attempts=2, first_wait=0.01, longest_wait=0.02)
MONTH = Month(2024, 1)
PARQUET = "trip-data/yellow_tripdata_2024-01.parquet"
CSV = "yellow/yellow_tripdata_2024-01.csv.gz"
CONTROL = "trip-data/yellow_tripdata_2023-01.parquet"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A publisher's folder with the month that is known to exist."""
    put(tmp_path, CONTROL)
    return tmp_path


@pytest.fixture
def server(site: Path) -> Iterator[PublisherServer]:
    with PublisherServer(site) as running:
        yield running


def put(site: Path, path: str) -> None:
    (site / path).parent.mkdir(parents=True, exist_ok=True)
    (site / path).write_bytes(path.encode())


def mirror(server: PublisherServer) -> Publisher:
    return publisher(server.url, sample_rows=1, sample_format=None, retry_policy=FAST)


def paths(server: PublisherServer) -> list[str]:
    return [request.path.lstrip("/") for request in server.requests()]


@pytest.mark.parametrize("path", [PARQUET, CSV])
def test_a_published_month_is_seen_in_either_layout_and_known_again(
    server: PublisherServer, site: Path, path: str
) -> None:
    put(site, path)
    seen = mirror(server).probe(YELLOW_TAXI, MONTH)
    assert seen is not None
    assert seen.url == f"{server.url}/{path}"
    assert mirror(server).probe(YELLOW_TAXI, MONTH, seen) == seen
    assert server.requests()[-1].status == 304


def test_missing_months_take_one_question_about_the_control_month(server: PublisherServer) -> None:
    source = mirror(server)
    assert [source.probe(YELLOW_TAXI, MONTH + later) for later in range(4)] == [None] * 4
    assert paths(server).count(CONTROL) == 1


def test_one_who_is_refused_is_told_so_and_that_too_takes_one_question(server: PublisherServer) -> None:
    server.block()
    source = mirror(server)
    for later in range(3):
        with pytest.raises(BlockedError, match="refuses us"):
            source.probe(YELLOW_TAXI, MONTH + later)
    assert paths(server).count(CONTROL) == 1
    server.unblock()
    assert mirror(server).probe(YELLOW_TAXI, MONTH) is None


def test_each_dataset_has_its_own_control_month(server: PublisherServer) -> None:
    source = mirror(server)
    assert source.probe(YELLOW_TAXI, MONTH) is None
    with pytest.raises(BlockedError):
        source.probe(GREEN_TAXI, MONTH)


def test_a_control_month_that_cannot_be_asked_for_leaves_it_open_whether_a_month_is_published(
    server: PublisherServer,
) -> None:
    server.fail("2023-01", 503, times=99)
    source = mirror(server)
    for _ in range(2):
        with pytest.raises(TransientError, match="503"):
            source.probe(YELLOW_TAXI, MONTH)
    assert paths(server).count(CONTROL) == FAST.attempts


def test_404_is_believed_without_a_control_month(tmp_path: Path) -> None:
    with PublisherServer(tmp_path, missing_status=404) as server:
        assert mirror(server).probe(YELLOW_TAXI, MONTH) is None
        assert paths(server) == [PARQUET, CSV]


def test_a_folder_can_be_looked_at_like_a_site(site: Path) -> None:
    source = publisher(site.as_uri(), sample_rows=1, sample_format=None)
    assert source.probe(YELLOW_TAXI, MONTH) is None
    put(site, PARQUET)
    seen = source.probe(YELLOW_TAXI, MONTH)
    assert seen is not None
    assert source.probe(YELLOW_TAXI, MONTH, seen) == seen


def test_a_sample_month_is_another_with_other_rows_or_in_another_format() -> None:
    usual = SamplePublisher(rows=10)
    kinds = [usual, replace(usual, rows=20), replace(usual, format="csv.gz")]
    assert len({kind.probe(YELLOW_TAXI, MONTH) for kind in kinds}) == 3
    assert usual.probe(YELLOW_TAXI, MONTH) == SamplePublisher(rows=10).probe(YELLOW_TAXI, MONTH)


@pytest.mark.parametrize("kind", ["etags", "no etags", "folder", "sample"])
def test_what_is_fetched_has_the_identity_that_was_seen(site: Path, tmp_path: Path, kind: str) -> None:
    """And keeps it in Dagster's record. Otherwise every month that was just loaded would look replaced."""
    write_sample(YELLOW_TAXI, MONTH, site / PARQUET, rows=100, file_format="parquet")
    staging = tmp_path / "staging"
    staging.mkdir()
    with PublisherServer(site, etags=kind == "etags") as server:
        name = {"folder": site.as_uri(), "sample": "sample"}.get(kind, server.url)
        source = publisher(name, sample_rows=10, sample_format=None, retry_policy=FAST)
        seen = source.probe(YELLOW_TAXI, MONTH)
        got = source.fetch(YELLOW_TAXI, MONTH, staging, None)
    recorded = AssetMaterialization("raw_trips", metadata=publication_metadata(got, unchanged=False))
    fetched = FetchedFile.from_materialization(recorded)
    assert fetched is not None
    assert fetched.version == seen


def test_the_resource_asks_briefly(server: PublisherServer, site: Path) -> None:
    put(site, PARQUET)
    resource = TripPublisher(name=server.url)
    seen = resource.probe(YELLOW_TAXI, MONTH)
    assert seen is not None
    assert resource.probe(YELLOW_TAXI, MONTH + 1) is None
    server.clear()
    server.fail("2024-01", 503, times=99)
    with pytest.raises(TransientError):
        resource.probe(YELLOW_TAXI, MONTH)
    assert len(server.requests()) == QUICK.attempts
