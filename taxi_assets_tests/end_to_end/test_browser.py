"""A newcomer's first session in the UI that `dagster dev` serves, in a real browser.

TAXI_SCREENSHOTS=docs makes the README's pictures.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect
from psycopg.sql import SQL, Identifier

from taxi_assets.model.datasets import DATASETS
from taxi_assets_tests.helpers.browser import browsing, find_browser, photograph
from taxi_assets_tests.helpers.dagster_dev import DagsterDev

GROUPS = [*DATASETS, "zones"]
ASSETS = ["raw_trips", "clean_trips", "gcs_parquet", "bq_table", "postgres_table", "trips_with_zones", "daily_trips"]
MONTH = "2025-01-01"
MORE_MONTHS = "[2025-02-01...2025-03-01]"
ROWS = 20_000
CLEAN_TRIPS = "/assets/yellow/clean_trips"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(find_browser() is None, reason="no Chromium or Chrome here: nobody has looked at the UI"),
]


def test_a_first_session(dagster_dev: DagsterDev, tmp_path: Path, postgres_url: str) -> None:
    for month in ("2025-01", "2025-02", "2025-03"):
        dagster_dev.publish("yellow", month, ROWS)
    pictures = Path(os.environ.get("TAXI_SCREENSHOTS", tmp_path)).resolve()
    with browsing(dagster_dev.url, kept=tmp_path) as page:
        sees_the_groups(page)
        materializes_a_month(page)
        backfill = launches_a_backfill(page)
        sees_what_the_month_holds(page, rows=_rows_in_postgres(dagster_dev, postgres_url))
        sees_the_picture_of_the_month(page)
        turns_a_sensor_on_and_off(page)
        sees_the_backfill_complete(page, backfill)
        sees_that_the_checks_passed(page)
        photograph(page, sees_the_assets_of_a_group, pictures, "asset_graph")
        photograph(page, opens_the_month, pictures, "clean_trips")
        photograph(page, sees_the_picture_of_the_month, pictures, "month")
    assert dagster_dev.warnings() == []


def sees_the_groups(page: Page) -> None:
    page.goto("/asset-groups")
    for group in GROUPS:
        expect(page.get_by_text(group, exact=True).last).to_be_visible()


def sees_the_assets_of_a_group(page: Page) -> None:
    page.goto("/locations/taxi_assets/asset-groups/yellow/lineage")
    for name in ASSETS:
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    expect(page.get_by_text("5 / 5 Passed")).to_be_visible()


def materializes_a_month(page: Page) -> None:
    """Launches the job for a month, which brings the zone lookup along."""
    page.goto("/locations/taxi_assets/jobs/yellow_trips")
    _launch(page, MONTH, "Launch 1 run")
    status = page.get_by_text(re.compile("^(Success|Failure|Canceled)$")).first
    expect(status).to_have_text("Success")


def launches_a_backfill(page: Page) -> str:
    """Launches a backfill of a group; returns the address at which the UI shows it."""
    page.goto("/locations/taxi_assets/asset-groups/yellow/lineage")
    _launch(page, MORE_MONTHS, "Launch backfill")
    return page.url


def _launch(page: Page, months: str, button: str) -> None:
    page.get_by_role("button", name="Materialize all").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Show all partitions").click()
    field = dialog.get_by_placeholder("ex: ")
    field.fill(months)
    field.press("Tab")
    dialog.get_by_role("button", name=button).click()
    page.get_by_text("View", exact=True).first.click()
    page.wait_for_url("**/runs/**")


def opens_the_month(page: Page) -> None:
    page.goto(f"{CLEAN_TRIPS}?view=partitions&partition={MONTH}")
    expect(page.get_by_text("quarantine_reasons")).to_be_visible()


def sees_what_the_month_holds(page: Page, rows: int) -> None:
    opens_the_month(page)
    expect(_metadata(page, "row_count")).to_contain_text(str(rows))
    expect(_metadata(page, "quarantine_reasons")).to_contain_text("pickup_outside_month")


def sees_the_picture_of_the_month(page: Page) -> None:
    opens_the_month(page)
    _metadata(page, "picture").get_by_text("Show Markdown").click()
    picture = page.get_by_role("dialog").get_by_role("img", name=re.compile("2025-01"))
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 0


def _metadata(page: Page, key: str) -> Locator:
    return page.get_by_role("row").filter(has_text=key).first


def sees_that_the_checks_passed(page: Page) -> None:
    page.goto(f"{CLEAN_TRIPS}?view=checks")
    heading = page.get_by_text(re.compile(r"^Checks \(\d+\)$"))
    expect(heading).to_be_visible()
    checks = int(re.sub(r"\D", "", heading.inner_text()))
    assert checks >= 5
    expect(page.get_by_text("Succeeded", exact=True)).to_have_count(checks)


def turns_a_sensor_on_and_off(page: Page) -> None:
    page.goto("/locations/taxi_assets/sensors/yellow_publications")
    expect(page.get_by_text("Sensor has never run")).to_be_visible()
    switch = page.get_by_role("checkbox")
    label = page.locator("label").filter(has=switch)
    label.click()
    expect(switch).to_be_checked()
    expect(page.get_by_text(re.compile("^0 runs requested$")).first).to_be_visible()
    label.click()
    expect(switch).not_to_be_checked()


def sees_the_backfill_complete(page: Page, url: str) -> None:
    page.goto(url)
    status = page.get_by_text("Status", exact=True).locator("..")
    expect(status).to_contain_text(re.compile("Succeeded|Failed|Canceled"))
    expect(status).to_contain_text("Succeeded")
    expect(page.get_by_text("100% completed")).to_have_count(len(ASSETS))


def _rows_in_postgres(dev: DagsterDev, url: str) -> int:
    table = Identifier(dev.settings.postgres_schema, DATASETS["yellow"].table)
    query = SQL("SELECT count(*) FROM {} WHERE trip_month = %s").format(table)
    with psycopg.connect(url) as connection:
        found = connection.execute(query, [MONTH]).fetchone()
    assert found is not None
    return int(found[0])
