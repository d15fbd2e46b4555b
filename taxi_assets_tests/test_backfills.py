"""Backfills of two datasets at once, by the real daemon: one is cancelled and taken up again, in one a month fails."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from taxi_assets.datasets import DATASETS
from taxi_assets.settings import POSTGRES_URL
from taxi_assets_tests.backfills import Backfill, complete, statuses, times_materialized
from taxi_assets_tests.dagster_dev import DagsterDev
from taxi_assets_tests.running import rows

MONTHS = {"green": ["2023-01", "2023-02", "2023-03"], "fhv": ["2023-01", "2023-02", "2023-03"]}
ENDLESS = CORRUPT = "2023-02"
"""Of green the month whose download never ends, of fhv the one whose file is broken."""
ROWS = 500

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Story:
    """What the UI said of each month in the middle: of green once its backfill was cancelled, of fhv once it failed."""

    cancelled: dict[str, set[str]]
    failed: dict[str, set[str]]
    retried: Backfill


@pytest.fixture(scope="module")
def story(dagster_dev: DagsterDev) -> Story:
    """Both at once: most of the time goes by between two looks of the daemon."""
    dev = dagster_dev
    files = {(dataset, month): dev.publish(dataset, month, ROWS) for dataset in MONTHS for month in MONTHS[dataset]}
    dev.publisher.drip(files["green", ENDLESS].name, bytes_per_second=1, times=20)
    whole = files["fhv", CORRUPT].read_bytes()
    files["fhv", CORRUPT].write_bytes(whole[: len(whole) // 2])
    green, fhv = (Backfill.launch(dev, dataset, MONTHS[dataset]) for dataset in MONTHS)

    dev.until("the endless download to begin", lambda: _asked_for(dev, files["green", ENDLESS].name))
    dev.until("a month of green", lambda: complete(dev, "green", MONTHS["green"]))
    green.cancel()
    dev.until("fhv to fail", lambda: fhv.status == "COMPLETED_FAILED")
    failed = statuses(dev, "fhv", MONTHS["fhv"])
    files["fhv", CORRUPT].write_bytes(whole)
    retried = fhv.retry()

    dev.until("the runs of green to end", lambda: green.idle)
    cancelled = statuses(dev, "green", MONTHS["green"])
    dev.publisher.clear()
    again = Backfill.launch(dev, "green", [month for month, said in cancelled.items() if said != {"MATERIALIZED"}])
    dev.until("green to be complete", lambda: complete(dev, "green", MONTHS["green"]) == MONTHS["green"])
    dev.until("fhv to be complete", lambda: complete(dev, "fhv", MONTHS["fhv"]) == MONTHS["fhv"])
    dev.until("all runs to end", lambda: again.idle and retried.idle)
    return Story(cancelled, failed, retried)


def _asked_for(dev: DagsterDev, name: str) -> bool:
    return any(name in request.path for request in dev.publisher.requests())


def test_a_month_that_fails_fails_alone(story: Story) -> None:
    assert "FAILED" in story.failed.pop(CORRUPT)
    assert set(map(frozenset, story.failed.values())) == {frozenset({"MATERIALIZED"})}


def test_a_cancelled_backfill_keeps_what_is_done_and_ends_what_is_not(story: Story) -> None:
    assert "MATERIALIZED" not in story.cancelled[ENDLESS]
    assert {"MATERIALIZED"} in story.cancelled.values()
    assert not any("MATERIALIZING" in said for said in story.cancelled.values())


@pytest.mark.parametrize("dataset", MONTHS)
def test_what_failed_or_was_cancelled_is_done_again_alone(dagster_dev: DagsterDev, story: Story, dataset: str) -> None:
    once = dict.fromkeys(MONTHS[dataset], 1)
    assert times_materialized(dagster_dev, dataset, "postgres_table", MONTHS[dataset]) == once


@pytest.mark.parametrize("dataset", MONTHS)
def test_in_the_end_each_month_is_once_in_every_place(
    dagster_dev: DagsterDev, story: Story, dataset: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(POSTGRES_URL, postgres_url)
    total = 0
    for month in MONTHS[dataset]:
        counts = rows(dagster_dev.settings, dataset, month)
        assert counts["published"] == ROWS == counts["clean"] + counts["quarantine"]
        assert counts["clean"] == counts["bucket"] == counts["warehouse"] == counts["Postgres"] > 0
        total += counts["clean"]
    table = Identifier(dagster_dev.settings.postgres_schema, DATASETS[dataset].table)
    with psycopg.connect(postgres_url) as connection:
        found = connection.execute(SQL("SELECT count(*), count(DISTINCT trip_month) FROM {}").format(table)).fetchone()
    assert found == (total, len(MONTHS[dataset]))


def test_the_backfill_of_what_failed_succeeds(dagster_dev: DagsterDev, story: Story) -> None:
    dagster_dev.until("the retry to be told", lambda: story.retried.status == "COMPLETED_SUCCESS")
