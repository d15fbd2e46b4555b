"""Backfills of two datasets at once, by the real daemon: one is cancelled and taken up again, in one a month fails."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from taxi_assets.model.datasets import DATASETS
from taxi_assets.settings import POSTGRES_URL
from taxi_assets_tests.helpers.backfills import Backfill, complete, statuses, times_materialized
from taxi_assets_tests.helpers.dagster_dev import PATIENCE_SECONDS, DagsterDev
from taxi_assets_tests.helpers.run_month import rows

MONTHS = {"green": ["2023-01", "2023-02", "2023-03"], "fhv": ["2023-01", "2023-02", "2023-03"]}
ENDLESS = CORRUPT = "2023-02"
"""Of green the month whose download never ends, of fhv the one whose file is broken."""
ROWS = 500

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * PATIENCE_SECONDS)]


@dataclass(frozen=True)
class Story:
    """What the UI said of each month midway: for green once its backfill was cancelled, for fhv once it had failed."""

    cancelled: dict[str, set[str]]
    downloads: int
    """How often the endless file was asked for before green was started again."""
    failed: dict[str, set[str]]
    retried: Backfill


@pytest.fixture(scope="module")
def story(dagster_dev: DagsterDev) -> Story:
    """Both backfills at once, for most of the time goes by between two rounds of the daemon."""
    dev = dagster_dev
    files = {(dataset, month): dev.publish(dataset, month, ROWS) for dataset in MONTHS for month in MONTHS[dataset]}
    dev.publisher.drip(files["green", ENDLESS].name, bytes_per_second=1, times=20)
    whole = files["fhv", CORRUPT].read_bytes()
    files["fhv", CORRUPT].write_bytes(whole[: len(whole) // 2])
    green, fhv = (Backfill.launch(dev, dataset, MONTHS[dataset]) for dataset in MONTHS)

    dev.until("the endless download to begin", lambda: _downloads(dev, files["green", ENDLESS].name))
    dev.until("a month of green", lambda: complete(dev, "green", MONTHS["green"]))
    dev.until("green to be cancelled", green.cancel)
    dev.until("fhv to fail", lambda: fhv.status == "COMPLETED_FAILED")
    failed = statuses(dev, "fhv", MONTHS["fhv"])
    files["fhv", CORRUPT].write_bytes(whole)
    retried = fhv.retry()

    dev.until("the runs of green to end", lambda: green.idle)
    cancelled = statuses(dev, "green", MONTHS["green"])
    downloads = _downloads(dev, files["green", ENDLESS].name)
    dev.publisher.clear()
    again = Backfill.launch(dev, "green", [month for month, said in cancelled.items() if said != {"MATERIALIZED"}])
    dev.until("green to be complete", lambda: complete(dev, "green", MONTHS["green"]) == MONTHS["green"])
    dev.until("fhv to be complete", lambda: complete(dev, "fhv", MONTHS["fhv"]) == MONTHS["fhv"])
    dev.until("all runs to end", lambda: again.idle and retried.idle)
    return Story(cancelled, downloads, failed, retried)


def _downloads(dev: DagsterDev, name: str) -> int:
    return sum(request.method == "GET" and name in request.path for request in dev.publisher.requests())


def test_a_month_that_fails_fails_alone(story: Story) -> None:
    assert "FAILED" in story.failed[CORRUPT]
    assert all(said == {"MATERIALIZED"} for month, said in story.failed.items() if month != CORRUPT)


def test_a_cancelled_backfill_keeps_what_is_done_and_ends_what_is_not(story: Story) -> None:
    assert "MATERIALIZED" not in story.cancelled[ENDLESS]
    assert {"MATERIALIZED"} in story.cancelled.values()
    assert not any("MATERIALIZING" in said for said in story.cancelled.values())


def test_a_step_that_is_cancelled_is_not_tried_again(story: Story) -> None:
    assert story.downloads == 1


@pytest.mark.parametrize("dataset", MONTHS)
def test_only_what_failed_or_was_cancelled_is_done_again(dagster_dev: DagsterDev, story: Story, dataset: str) -> None:
    before = {"green": story.cancelled, "fhv": story.failed}[dataset]
    done = [month for month, said in before.items() if said == {"MATERIALIZED"}]
    assert times_materialized(dagster_dev, dataset, "raw_trips", done) == dict.fromkeys(done, 1)


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


def test_dagster_dev_prints_no_warning(dagster_dev: DagsterDev, story: Story) -> None:
    assert dagster_dev.warnings() == []
