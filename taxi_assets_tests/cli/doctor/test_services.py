"""What the check-up tells of publishers, those that work and those that do not, and of alerts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from taxi_assets.cli.doctor import services
from taxi_assets.cli.doctor.findings import Finding, Question, findings
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.published_files import Folder
from taxi_assets_tests.servers.publisher import PublisherServer


def _published(name: str) -> Finding:
    [(_, found)] = findings([Question("publisher", lambda: services.published(Settings(publisher=name)))], seconds=240)
    return found


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[PublisherServer]:
    with PublisherServer(Folder.at(tmp_path / "site").root) as publisher:
        yield publisher


def test_a_publisher_that_has_its_known_month_is_fine(publisher: PublisherServer) -> None:
    found = _published(publisher.url)
    assert (found.state, found.found) == (
        "ok",
        f"{publisher.url}: {publisher.url}/trip-data/yellow_tripdata_2023-01.parquet is there",
    )
    assert _published("sample").state == "ok"


def test_a_publisher_that_refuses_us_is_a_problem(publisher: PublisherServer) -> None:
    publisher.block()
    found = _published(publisher.url)
    assert found.state == "problem"
    assert "refuses us" in found.found
    assert "proxy" in found.advice


def test_a_publisher_that_is_not_there_or_has_nothing_is_a_problem(tmp_path: Path) -> None:
    assert "cannot be reached" in _published("http://127.0.0.1:1").found
    assert "has yellow neither for 2023-01 nor for 2020-01" in _published(tmp_path.as_uri()).found


def test_alerts_that_nobody_gets_are_no_problem() -> None:
    assert services.webhook(Settings()).state == "off"
    assert services.webhook(dataclasses.replace(Settings(), alert_webhook=True)).state == "ok"
