"""Made-up trips never take the place of real ones: not in the lake, in a copy, in the zone lookup, or on one's own
server.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow.parquet as pq
import pytest
from dagster import build_resources
from psycopg.sql import SQL, Identifier

from taxi_assets.automation.jobs import PUBLISHER_TAG
from taxi_assets.build import build_definitions, resources_for
from taxi_assets.cli.__main__ import main
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.model.zones import TABLE, Zone, ZoneLookup
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.publishers.sites import ZONES_PATH
from taxi_assets.resources.publisher import TripPublisher
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.published_files import Folder
from taxi_assets_tests.helpers.run_month import failure, metadata, rows, run_month
from taxi_assets_tests.servers.publisher import PublisherServer

pytestmark = pytest.mark.slow

MONTH = "2020-04"
ROWS = 700
ALLOWED = {"raw_trips": {"allow_sample": True}}


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[PublisherServer]:
    """A publisher that stands for a real one: its zones have names of their own."""
    folder = Folder.at(tmp_path / "site")
    folder.publish("green", Month.parse(MONTH), rows=ROWS)
    zones = folder.root / ZONES_PATH
    zones.parent.mkdir()
    zones.write_bytes(zone_lookup().replace(b"Sample zone", b"Published zone"))
    with PublisherServer(folder.root) as server:
        yield server


@pytest.fixture
def real(settings: Settings, mirror: PublisherServer) -> Settings:
    return dataclasses.replace(settings, publisher=mirror.url)


def _zones(settings: Settings, postgres_url: str) -> list[Any]:
    """The name of one zone, as the warehouse and as Postgres have it."""
    query = f"SELECT zone FROM {TABLE} WHERE location_id = 74"  # noqa: S608 names of the tests
    with duckdb.connect(settings.warehouse, read_only=True) as warehouse:
        found = warehouse.execute(f"USE trips_data_all; {query}").fetchall()
    with psycopg.connect(postgres_url, options=f"-c search_path={settings.postgres_schema}") as postgres:
        return [name for (name,) in (*found, *postgres.execute(query.encode()).fetchall())]


def _files(settings: Settings) -> dict[str, bytes]:
    lake = settings.home / "lake"
    return {str(path): path.read_bytes() for path in lake.rglob("*") if path.is_file()}


@pytest.mark.fault(38)
def test_a_published_month_is_not_replaced_and_nothing_is_changed(
    settings: Settings, real: Settings, postgres_url: str
) -> None:
    run_month(real, "green", MONTH)
    before, counts = _files(settings), rows(settings, "green", MONTH)
    refused = run_month(settings, "green", MONTH, raises=False)
    assert "The month in the lake is from publisher mirror; made-up trips" in failure(refused, "raw_trips")
    assert failure(refused, "raw_trips").strip().endswith("A retry will not help.")
    assert not any(event.is_step_restarted for event in refused.all_events)
    assert (_files(settings), rows(settings, "green", MONTH)) == (before, counts)
    assert _zones(settings, postgres_url) == ["Published zone 74"] * 2


@pytest.mark.fault(38)
def test_made_up_months_may_lie_beside_published_ones_whose_zones_stay(
    settings: Settings, real: Settings, postgres_url: str
) -> None:
    versions = [
        result.asset_materializations_for_node(TABLE)[0].tags or {}
        for result in (run_month(real, "green", MONTH), run_month(settings, "yellow", "2021-01"))
    ]
    assert versions[0]["dagster/data_version"] == versions[1]["dagster/data_version"]
    assert _zones(settings, postgres_url) == ["Published zone 74"] * 2
    kept = run_month(settings, "fhv", "2021-01")
    assert metadata(kept, TABLE)["kept"] is True
    assert rows(settings, "green", MONTH)["published"] == ROWS


def test_marts_made_alone_do_not_replace_published_zones(settings: Settings, real: Settings, postgres_url: str) -> None:
    run_month(real, "green", MONTH)
    with psycopg.connect(postgres_url) as postgres:
        postgres.execute(SQL("DROP TABLE {} CASCADE").format(Identifier(settings.postgres_schema, TABLE)))
    assert run_month(settings, "green", MONTH, assets=["trips_with_zones", "daily_trips"]).success
    assert _zones(settings, postgres_url) == ["Published zone 74"] * 2


def test_run_config_lets_a_made_up_month_replace_a_published_one(settings: Settings, real: Settings) -> None:
    run_month(real, "green", MONTH)
    assert run_month(settings, "green", MONTH, config=ALLOWED).success
    assert rows(settings, "green", MONTH)["published"] == settings.sample_rows


def test_run_config_lets_made_up_zones_replace_published_ones(
    settings: Settings, real: Settings, postgres_url: str
) -> None:
    run_month(real, "green", MONTH)
    job = build_definitions(settings).resolve_job_def("yellow_trips")
    config = {"ops": {TABLE: {"config": {"allow_sample": True}}}}
    assert job.execute_in_process(partition_key="2021-01-01", run_config=config).success
    assert _zones(settings, postgres_url) == ["Sample zone 74"] * 2


def test_a_publisher_replaces_made_up_months_and_zones(settings: Settings, real: Settings, postgres_url: str) -> None:
    run_month(settings, "green", MONTH)
    assert _zones(settings, postgres_url) == ["Sample zone 74"] * 2
    run_month(real, "green", MONTH)
    assert rows(settings, "green", MONTH)["Postgres"] <= ROWS
    assert _zones(settings, postgres_url) == ["Published zone 74"] * 2


@pytest.mark.parametrize("asset", ["gcs_parquet", "bq_table", "postgres_table"])
def test_a_copy_that_is_from_a_publisher_stays_where_the_lake_was_lost(
    settings: Settings, real: Settings, asset: str
) -> None:
    run_month(real, "green", MONTH)
    before = rows(settings, "green", MONTH)
    shutil.rmtree(settings.home / "lake")
    chosen = ["raw_trips", "clean_trips", *(["gcs_parquet"] if asset == "bq_table" else []), asset]
    if asset == "bq_table":
        shutil.rmtree(settings.home / "bucket")
    refused = run_month(settings, "green", MONTH, assets=chosen, raises=False)
    assert f"The month in this place is from green_tripdata_{MONTH}.parquet" in failure(refused, asset)
    place = {"gcs_parquet": "bucket", "bq_table": "warehouse", "postgres_table": "Postgres"}[asset]
    assert rows(settings, "green", MONTH)[place] == before[place]


def test_a_month_that_others_have_rewritten_is_known_by_its_rows(settings: Settings, real: Settings) -> None:
    copying = ["raw_trips", "clean_trips", "gcs_parquet"]
    run_month(real, "green", MONTH, assets=copying)
    [copy] = (settings.home / "bucket").rglob("trips/**/*.parquet")
    pq.write_table(pq.read_table(copy).replace_schema_metadata({}), copy)
    shutil.rmtree(settings.home / "lake")
    refused = run_month(settings, "green", MONTH, assets=copying, raises=False)
    assert f"The month in this place is from green_tripdata_{MONTH}.parquet" in failure(refused, "gcs_parquet")


def test_a_published_month_in_bucket_and_bigquery_stays_where_the_lake_was_lost(
    google_settings: Settings, mirror: PublisherServer
) -> None:
    run_month(dataclasses.replace(google_settings, publisher=mirror.url), "green", MONTH)
    before = rows(google_settings, "green", MONTH)
    shutil.rmtree(google_settings.home / "lake")
    refused = run_month(google_settings, "green", MONTH, raises=False)
    assert "The month in this place is from green_tripdata" in failure(refused, "gcs_parquet")
    with build_resources(resources_for(google_settings)) as parts:
        assert parts.warehouse.source_file(DATASETS["green"], Month.parse(MONTH)) == f"green_tripdata_{MONTH}.parquet"
        assert parts.warehouse.source_file(DATASETS["green"], Month.parse("2020-05")) is None
        assert ZoneLookup.from_table(parts.warehouse.zones()).trust == 2
    assert rows(google_settings, "green", MONTH)["bucket"] == before["bucket"]


def test_ones_own_server_is_refused_before_anything_is_made(settings: Settings, postgres_url: str) -> None:
    forgetful = dataclasses.replace(settings, sample_anywhere=False)
    refused = run_month(forgetful, "green", MONTH, raises=False)
    for asset in ("raw_trips", TABLE):
        assert "TAXI_POSTGRES_URL names a place of your own" in failure(refused, asset)
    assert not (settings.home / "warehouse.duckdb").exists()
    assert not _files(settings)
    with psycopg.connect(postgres_url) as postgres:
        query = "SELECT count(*) FROM pg_namespace WHERE nspname = %s"
        assert postgres.execute(query, [settings.postgres_schema]).fetchone() == (0,)
    assert run_month(forgetful, "green", MONTH, config=ALLOWED).success


def test_a_made_up_month_of_the_lake_does_not_follow_to_ones_own_server(settings: Settings, real: Settings) -> None:
    """The month was made before the server was set; the publisher is a real one by now."""
    run_month(settings, "green", MONTH, assets=["raw_trips", "clean_trips"])
    later = dataclasses.replace(real, sample_anywhere=False)
    refused = run_month(later, "green", MONTH, assets=["postgres_table"], raises=False)
    assert "TAXI_POSTGRES_URL names a place of your own" in failure(refused, "postgres_table")
    assert rows(settings, "green", MONTH)["Postgres"] == 0


def test_the_publisher_stands_in_log_tags_and_metadata(
    settings: Settings, real: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    result = run_month(real, "green", MONTH)
    first = next(line for line in capfd.readouterr().err.splitlines() if " - INFO - " in line)
    assert first.endswith(f" from publisher {real.publisher}")
    assert result.dagster_run.tags[PUBLISHER_TAG] == real.publisher
    made = ("clean_trips", "gcs_parquet", "bq_table", "postgres_table", "trips_with_zones", "daily_trips")
    assert {metadata(result, asset)["publisher"] for asset in ("raw_trips", *made)} == {"mirror"}


def test_a_password_in_the_publishers_url_is_not_told() -> None:
    assert TripPublisher(name="http://reader:canary@h/x").title == "http://h/x"
    assert TripPublisher(name="tlc").title == "tlc"


def test_show_tells_whose_the_month_is_and_who_is_asked_now(
    settings: Settings, real: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAXI_HOME", str(settings.home))
    monkeypatch.setenv("TAXI_POSTGRES_SCHEMA", settings.postgres_schema)
    run_month(real, "green", MONTH)
    main(["show", "green", MONTH], standalone_mode=False)
    told = f"green {MONTH} from green_tripdata_{MONTH}.parquet of publisher mirror"
    assert f"{told} (the publisher is sample now):" in capsys.readouterr().out
    monkeypatch.setenv("TAXI_PUBLISHER", real.publisher)
    main(["show", "green", MONTH], standalone_mode=False)
    assert f"{told}:" in capsys.readouterr().out


def test_names_as_published_are_worth_more_than_none_and_none_more_than_made_up_ones() -> None:
    made_up = ZoneLookup.from_table([Zone(1, "EWR", "Sample zone 1", "EWR")])
    nameless, published = (ZoneLookup.from_table([Zone(1, None, name, None)]) for name in (None, "Newark Airport"))
    for worse, better in ((made_up, nameless), (nameless, published), (made_up, published)):
        assert worse.or_better([better]) is better
        assert better.or_better([worse]) is better
    other = ZoneLookup.from_table([Zone(1, None, "Newark", None)])
    assert other.or_better([published]) is other
