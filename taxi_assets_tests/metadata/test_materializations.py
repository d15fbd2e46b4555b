"""What the UI shows of a materialization, on real runs of every dataset."""

from __future__ import annotations

import base64
import dataclasses
import re
from typing import Any

import pytest
from dagster import AssetKey, ExecuteInProcessResult, TableColumnLineage, TableSchema

from taxi_assets.metadata.numbers import ROW_COUNT
from taxi_assets.model.columns import QUALITY_FLAGS
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import metadata, rows, run_month

pytestmark = pytest.mark.slow

MONTH = "2020-04"
COPIES = {"gcs_parquet": "clean_trips", "bq_table": "gcs_parquet", "postgres_table": "clean_trips"}


def _lineage(facts: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    lineage: TableColumnLineage = facts["dagster/column_lineage"]
    return {
        column: sorted(("/".join(dep.asset_key.path), dep.column_name) for dep in deps)
        for column, deps in lineage.deps_by_column.items()
    }


def _numbers(result: ExecuteInProcessResult, asset: str) -> dict[str, float]:
    facts = metadata(result, asset)
    return {key: value for key, value in facts.items() if isinstance(value, int | float)}


@pytest.fixture(params=list(DATASETS))
def dataset(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_month_of_any_dataset_says_where_it_lies_how_much_it_is_and_how_it_looks(
    settings: Settings, dataset: str
) -> None:
    result = run_month(settings, dataset, MONTH)
    counts = rows(settings, dataset, MONTH)
    clean = metadata(result, "clean_trips")
    assert (clean["raw_rows"], clean[ROW_COUNT]) == (counts["published"], counts["clean"])
    assert clean["quarantined_rows"] + clean["duplicate_rows"] == counts["quarantine"]
    assert clean["quarantined_percent"] == pytest.approx(100 * counts["quarantine"] / counts["published"], abs=1e-4)
    reasons = {key: value for key, value in clean.items() if key.startswith("quarantined/")}
    assert len(reasons) > 3
    assert sum(reasons.values()) >= counts["quarantine"]
    for asset in ("clean_trips", *COPIES):
        facts = _numbers(result, asset)
        assert facts[ROW_COUNT] == counts["clean"]
        assert {"seconds", "rows_per_second", "mb_per_second"} <= set(facts)
        assert facts.get("bytes", facts.get("loaded_bytes")) == clean["bytes"]
        assert metadata(result, asset)["preview"].startswith("| column | row 1 |")
    assert ("taxi_zones", "zone") in _lineage(metadata(result, "trips_with_zones"))["pickup_zone"]
    assert metadata(result, "trips_with_zones")[ROW_COUNT] == counts["clean"]


def test_the_data_version_of_what_is_published_is_the_sha256_of_its_bytes(settings: Settings) -> None:
    result = run_month(settings, "green", MONTH, assets=["raw_trips"])
    [event] = result.asset_materializations_for_node("green__raw_trips")
    assert event.tags is not None
    assert event.tags["dagster/data_version"] == metadata(result, "raw_trips")["sha256"]


def test_tables_are_named_in_full_with_their_system(settings: Settings) -> None:
    result = run_month(settings, "green", MONTH)
    named = {
        asset: [metadata(result, asset)[f"dagster/{key}"] for key in ("table_name", "storage_kind")]
        for asset in ("bq_table", "postgres_table")
    }
    assert named["bq_table"] == ["warehouse.trips_data_all.green_taxi_trips", "duckdb"]
    name, kind = named["postgres_table"]
    assert kind == "postgres"
    assert re.fullmatch(rf"\w+\.{settings.postgres_schema}\.green_taxi_trips", name)
    assert metadata(result, "gcs_parquet")["dagster/uri"].startswith("file:///")
    assert metadata(result, "bq_table")["database"] == str(settings.warehouse)


def test_what_lies_in_google_has_links_to_its_console(google_settings: Settings) -> None:
    result = run_month(google_settings, "green", MONTH)
    project, dataset, bucket = google_settings.gcp_project, google_settings.bq_dataset, google_settings.gcs_bucket
    name = "trips/green/trip_month=2020-04-01/green_tripdata_2020-04.parquet"
    stored, table = metadata(result, "gcs_parquet"), metadata(result, "bq_table")
    assert stored["dagster/uri"] == table["object"] == f"gs://{bucket}/{name}"
    console = "https://console.cloud.google.com"
    assert stored["console"] == f"{console}/storage/browser/_details/{bucket}/{name.replace('=', '%3D')}"
    query = f"project={project}&p={project}&d={dataset}&t=green_taxi_trips&page=table"
    assert table["console"] == f"{console}/bigquery?{query}"
    assert (table["dagster/table_name"], table["dagster/storage_kind"]) == (
        f"{project}.{dataset}.green_taxi_trips",
        "bigquery",
    )
    assert "| trip_month | 2020-04-01 |" in table["preview"]


def test_columns_can_be_followed_from_the_published_file_to_the_mart(settings: Settings, dataset: str) -> None:
    result = run_month(settings, dataset, MONTH)
    names = dict(DATASETS[dataset].layout(Month.parse(MONTH), "csv.gz").columns)
    clean = _lineage(metadata(result, "clean_trips"))
    assert {name for column, deps in clean.items() for _, name in deps if column != QUALITY_FLAGS.name} == set(names)
    assert {asset for deps in clean.values() for asset, _ in deps} == {f"{dataset}/raw_trips"}
    for asset, upstream in COPIES.items():
        lineage = _lineage(metadata(result, asset))
        assert lineage == {name: [(f"{dataset}/{upstream}", name)] for name in DATASETS[dataset].schema.names}
    daily = _lineage(metadata(result, "daily_trips"))
    assert daily["day"] == [(f"{dataset}/bq_table", "pickup_datetime")]
    boroughs = [(f"{dataset}/bq_table", "pickup_location_id"), ("taxi_zones", "borough")]
    assert daily["pickup_borough"] == sorted(boroughs)
    known = set(DATASETS[dataset].schema.names)
    assert {name for deps in daily.values() for asset, name in deps if asset != "taxi_zones"} <= known


def test_names_of_older_eras_are_the_sources_of_their_months(settings: Settings) -> None:
    result = run_month(settings, "yellow", "2009-03", assets=["raw_trips", "clean_trips"])
    lineage = _lineage(metadata(result, "clean_trips"))
    assert lineage["pickup_datetime"] == [("yellow/raw_trips", "Trip_Pickup_DateTime")]
    assert lineage["vendor_text"] == lineage["vendor_id"] == [("yellow/raw_trips", "vendor_name")]
    assert "pickup_location_id" not in lineage
    assert ("yellow/raw_trips", "Fare_Amt") in lineage[QUALITY_FLAGS.name]


def test_a_month_with_new_columns_lists_them(settings: Settings) -> None:
    parquet = dataclasses.replace(settings, sample_format="parquet")
    result = run_month(parquet, "yellow", "2026-07")
    for asset in ("clean_trips", *COPIES):
        schema: TableSchema = metadata(result, asset)["dagster/column_schema"]
        assert [column.name for column in schema.columns] == [*DATASETS["yellow"].schema.names, "request_source"]
        assert schema.columns[-1].type == "text"
    described = metadata(result, "clean_trips")["dagster/column_schema"].columns[-1].description
    assert described == "Not in TLC's data dictionary when this was written. Published as request_source."
    assert _lineage(metadata(result, "clean_trips"))["request_source"] == [("yellow/raw_trips", "request_source")]


def test_an_ordinary_month_leaves_the_columns_to_the_asset(settings: Settings) -> None:
    ordinary = run_month(settings, "yellow", "2021-01", assets=["raw_trips", "clean_trips", "gcs_parquet"])
    assert not any("dagster/column_schema" in metadata(ordinary, asset) for asset in ("clean_trips", "gcs_parquet"))


def test_the_picture_is_of_the_month_and_small_enough_for_the_event_log(settings: Settings, dataset: str) -> None:
    result = run_month(settings, dataset, MONTH, assets=["raw_trips", "clean_trips"])
    clean = metadata(result, "clean_trips")
    words = clean["picture"].split("\n\n")[1]
    assert words.startswith("Most trips on ")
    [encoded] = re.findall(r"^!\[[^]]+\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)$", clean["picture"], re.M)
    assert len(encoded) < 20_000
    title = f"{DATASETS[dataset].title}, {MONTH}: {clean[ROW_COUNT]:,} clean trips"
    assert title in base64.b64decode(encoded).decode()


def test_a_mart_shows_its_sums_and_its_boroughs(settings: Settings) -> None:
    green = metadata(run_month(settings, "green", MONTH), "daily_trips")
    assert green["trips"] == rows(settings, "green", MONTH)["clean"]
    assert all(green[name] > 0 for name in ("passengers", "miles", "fare", "tips", "tolls", "total"))
    heads = "| pickups in | trips | share | miles a trip | fare a trip | tips a trip | total a trip |"
    assert green["by_borough"].splitlines()[0] == heads
    assert {"Brooklyn", "Queens"} <= {line.split(" | ")[0].strip("| ") for line in green["by_borough"].splitlines()}
    fhv = metadata(run_month(settings, "fhv", MONTH), "daily_trips")
    assert fhv["trips"] == rows(settings, "fhv", MONTH)["clean"]
    assert "fare" not in fhv
    assert fhv["by_borough"].splitlines()[0] == "| pickups in | trips | share |"


def test_the_zone_lookup_shows_its_boroughs(settings: Settings) -> None:
    zones = metadata(run_month(settings, "green", MONTH), "taxi_zones")
    assert zones["dagster/row_count"] == 265
    assert "| Brooklyn | " in zones["by_borough"]
    assert zones["preview"].splitlines()[2] == "| location_id | 1 | 2 | 3 | 4 |"


def test_what_was_fetched_says_how_fast_and_what_was_not_says_nothing_of_it(settings: Settings) -> None:
    first, second = (_numbers(run_month(settings, "green", MONTH, assets=["raw_trips"]), "raw_trips") for _ in range(2))
    assert {"bytes", "seconds", "mb_per_second"} <= set(first)
    assert set(second) == {"bytes", "unchanged"}


def test_assets_that_lineage_names_exist(settings: Settings, dataset: str) -> None:
    result = run_month(settings, dataset, MONTH)
    made = {event.asset_key for event in result.get_asset_materialization_events()}
    for asset in ("clean_trips", *COPIES, "daily_trips", "trips_with_zones"):
        named = {AssetKey(name.split("/")) for deps in _lineage(metadata(result, asset)).values() for name, _ in deps}
        assert named <= made
