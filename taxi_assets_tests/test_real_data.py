"""TLC's real files, complete months of both publications, against the published row counts.

Read from the folder that TAXI_REAL_DATA names, laid out as the publishers lay it out; skipped without it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from taxi_assets.datasets import GREEN_TAXI
from taxi_assets.months import Month
from taxi_assets.settings import Settings
from taxi_assets.stores.files import sha256
from taxi_assets.stores.lake import Lake
from taxi_assets_tests.running import rows, run_month
from taxi_assets_tests.servers.publisher import PublisherServer

# Month, publisher's folder, published rows, rows picked up outside the month.
PUBLISHED = [
    ("2020-03", "datatalks", 223_406, 22),
    ("2020-04", "datatalks", 35_612, 6),
    ("2020-05", "datatalks", 57_360, 0),
    ("2020-06", "datatalks", 63_109, 2),
    ("2020-07", "datatalks", 72_257, 6),
    ("2020-08", "datatalks", 81_063, 3),
    ("2021-01", "tlc", 76_518, 3),
    ("2023-12", "tlc", 64_215, 4),
    ("2024-01", "tlc", 56_551, 2),
    ("2024-10", "tlc", 56_147, 7),
]


@pytest.fixture(scope="module")
def mirror(real_data: Path) -> Iterator[PublisherServer]:
    with PublisherServer(real_data) as server:
        yield server


def _outside(settings: Settings, month: str) -> int:
    path = Lake(settings.home / "lake").quarantine_file(GREEN_TAXI, Month.parse(month))
    reasons = pq.read_table(path)["reasons"].to_pylist()
    return sum("pickup_outside_month" in row for row in reasons)


def _check(settings: Settings, month: str, published: int, outside: int) -> None:
    run_month(settings, "green", month)
    counts = rows(settings, "green", month)
    assert counts["published"] == published
    assert counts["clean"] + counts["quarantine"] == published
    assert counts["Postgres"] == counts["warehouse"] == counts["bucket"] == counts["clean"]
    assert _outside(settings, month) == outside


@pytest.mark.parametrize(("month", "folder", "published", "outside"), PUBLISHED)
def test_a_published_month_lands_complete_twice_with_the_same_bytes(
    settings: Settings, mirror: PublisherServer, month: str, folder: str, published: int, outside: int
) -> None:
    settings = dataclasses.replace(settings, publisher=f"{mirror.url}/{folder}")
    _check(settings, month, published, outside)
    files = {path: sha256(path) for path in settings.home.rglob("*.parquet")}
    _check(settings, month, published, outside)
    assert {path: sha256(path) for path in settings.home.rglob("*.parquet")} == files


@pytest.mark.parametrize(("month", "folder", "published", "outside"), [PUBLISHED[1], PUBLISHED[8]])
def test_a_published_month_lands_complete_through_bucket_and_bigquery(
    google_settings: Settings, mirror: PublisherServer, month: str, folder: str, published: int, outside: int
) -> None:
    settings = dataclasses.replace(google_settings, publisher=f"{mirror.url}/{folder}")
    for _ in range(2):
        _check(settings, month, published, outside)


def test_an_unchanged_month_is_asked_for_and_not_fetched_again(settings: Settings, mirror: PublisherServer) -> None:
    settings = dataclasses.replace(settings, publisher=f"{mirror.url}/tlc")
    run_month(settings, "green", "2024-10", assets=["raw_trips"])
    mirror.clear()
    run_month(settings, "green", "2024-10", assets=["raw_trips"])
    assert [request.status for request in mirror.requests()] == [304]


def test_a_folder_can_stand_in_for_the_publisher(settings: Settings, real_data: Path) -> None:
    settings = dataclasses.replace(settings, publisher=(real_data / "tlc").as_uri())
    _check(settings, "2021-02", 64_572, 2)
