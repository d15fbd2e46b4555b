"""Puts the parts together: all assets, jobs, schedules and sensors, over the destinations of the settings."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from dagster import (
    AssetsDefinition,
    AssetSpec,
    BetaWarning,
    Definitions,
    EnvVar,
    with_source_code_references,
)

from taxi_assets.assets import StorageKinds, assets_of, taxi_zones
from taxi_assets.assets.published_months import published_months, with_freshness_policy
from taxi_assets.automation.executor import heartbeat_executor
from taxi_assets.automation.housekeeping import housekeeping_job, housekeeping_schedule
from taxi_assets.automation.jobs import freshness_job, trips_job
from taxi_assets.automation.marts_sensor import marts_sensor
from taxi_assets.automation.publication_sensor import HOUR, publications_sensor
from taxi_assets.automation.run_failure_sensor import failed_runs_sensor
from taxi_assets.automation.schedules import freshness_schedule, hourly_schedule, monthly_schedule
from taxi_assets.checks import checks_of
from taxi_assets.checks.freshness import freshness_check
from taxi_assets.io_managers.base import MonthIOManager, TableIOManager
from taxi_assets.io_managers.clean_parquet import CleanParquet
from taxi_assets.io_managers.frames import BigQueryFrames, DuckDBFrames, FrameTables
from taxi_assets.io_managers.local_bucket import LocalBucket
from taxi_assets.io_managers.postgres import PostgresTables
from taxi_assets.io_managers.raw_files import RawFiles
from taxi_assets.io_managers.zones import ZoneTables
from taxi_assets.model.datasets import DATASETS
from taxi_assets.publishers.sample.trips import maker_of
from taxi_assets.resources.alert_webhook import AlertWebhook
from taxi_assets.resources.lake import LakeFolder
from taxi_assets.resources.postgres import ExternalPostgres, LocalPostgres, PostgresServer
from taxi_assets.resources.publisher import TripPublisher
from taxi_assets.settings import ALERT_WEBHOOK, BQ_DATASET, GCS_BUCKET, POSTGRES_URL, PUBLISHER, Settings

WAREHOUSE_SCHEMA = "trips_data_all"
"""The schema of the DuckDB file, named as the tutorial names its BigQuery dataset."""


def build_definitions(
    settings: Settings, resources: Mapping[str, Any] | None = None, *, sensor_seconds: int = HOUR
) -> Definitions:
    """All assets, checks, jobs, schedules and sensors, over the destinations that the settings choose.

    `resources` replaces some of those that the settings choose, by their keys: a warehouse of your own, say.
    `sensor_seconds`, for tests, is the time between two checks of a publisher. Raises ValueError or TypeError for a
    dataset without a maker of its sample trips.
    """
    datasets = DATASETS.values()
    for dataset in datasets:
        maker_of(dataset)
    parts = resources_for(settings, resources)
    storage = _storage_kinds(settings)
    return Definitions(
        assets=_linked_to_code(
            [
                taxi_zones(storage),
                *with_freshness_policy(asset for dataset in datasets for asset in assets_of(dataset, storage)),
                *map(published_months, datasets),
            ]
        ),
        asset_checks=[check for dataset in datasets for check in (*checks_of(dataset), freshness_check(dataset))],
        jobs=[
            *(job for each in datasets for job in (trips_job(each, parts["publisher"].title), freshness_job(each))),
            housekeeping_job(),
        ],
        schedules=[
            *(
                make(dataset)
                for dataset in datasets
                for make in (monthly_schedule, hourly_schedule, freshness_schedule)
            ),
            housekeeping_schedule(settings.history_days),
        ],
        sensors=[
            *(publications_sensor(dataset, sensor_seconds) for dataset in datasets),
            marts_sensor(sensor_seconds),
            failed_runs_sensor(on=settings.alert_webhook, interval_seconds=sensor_seconds),
        ],
        resources=parts,
        executor=heartbeat_executor,
    )


def resources_for(settings: Settings, replaced: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Resources and IO managers by the keys that the assets use; `replaced` stands in for some of them."""
    own = replaced or {}
    lake = LakeFolder(folder=str(settings.home / "lake"))
    publisher = TripPublisher(
        # A password is no text for the UI, which shows how resources are configured.
        name=EnvVar(PUBLISHER) if "@" in settings.publisher else settings.publisher,
        sample_rows=settings.sample_rows,
        sample_format=settings.sample_format,
        closed_to_sample=list(settings.closed_to_sample),
        redirect_hosts=list(settings.redirect_hosts),
    )
    warehouse = own.get("warehouse") or _warehouse(settings)
    postgres = own.get("postgres") or PostgresTables(
        server=_postgres(settings),
        schema_name=settings.postgres_schema,
        closed_to_sample=_closed(settings, POSTGRES_URL),
    )
    return {
        "lake": lake,
        "publisher": publisher,
        "raw_files": RawFiles(lake=lake),
        "clean_parquet": CleanParquet(lake=lake),
        "bucket": _bucket(settings),
        "warehouse": warehouse,
        "postgres": postgres,
        "zone_tables": ZoneTables(warehouse=warehouse, postgres=postgres),
        "daily_tables": _frames(settings),
        "alerts": AlertWebhook(url=EnvVar(ALERT_WEBHOOK) if settings.alert_webhook else "", ui_url=settings.ui_url),
        **own,
    }


def _linked_to_code(assets: Sequence[AssetsDefinition | AssetSpec]) -> Sequence[Any]:
    """The assets with links from the UI to their code, without Dagster's warning that such links are in beta."""
    with warnings.catch_warnings(action="ignore", category=BetaWarning):
        return with_source_code_references(assets)


def _storage_kinds(settings: Settings) -> StorageKinds:
    return StorageKinds(
        warehouse="bigquery" if settings.bq_dataset else "duckdb", bucket="gcs" if settings.gcs_bucket else None
    )


def _bucket(settings: Settings) -> MonthIOManager:
    if settings.gcs_bucket is None:
        return LocalBucket(folder=str(settings.home / "bucket"))
    from dagster_gcp.gcs import GCSResource

    from taxi_assets.io_managers.gcs import GCSBucket

    return GCSBucket(
        gcs=GCSResource(project=settings.gcp_project),
        bucket=settings.gcs_bucket,
        closed_to_sample=_closed(settings, GCS_BUCKET),
    )


def _warehouse(settings: Settings) -> TableIOManager:
    if settings.bq_dataset is None:
        from taxi_assets.io_managers.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(database=str(settings.warehouse), schema_name=WAREHOUSE_SCHEMA)
    from dagster_gcp.bigquery.resources import BigQueryResource

    from taxi_assets.io_managers.bigquery import BigQueryWarehouse

    client = BigQueryResource(project=settings.gcp_project, location=settings.bq_location)
    closed = _closed(settings, BQ_DATASET)
    return BigQueryWarehouse(bigquery=client, dataset_name=settings.bq_dataset, closed_to_sample=closed)


def _frames(settings: Settings) -> FrameTables:
    if settings.bq_dataset is None or settings.gcp_project is None:
        from taxi_assets.destinations.duckdb.file import connection_config

        return DuckDBFrames(
            database=str(settings.warehouse), schema_name=WAREHOUSE_SCHEMA, connection_config=connection_config()
        )
    return BigQueryFrames(project=settings.gcp_project, dataset=settings.bq_dataset, location=settings.bq_location)


def _postgres(settings: Settings) -> PostgresServer:
    if settings.external_postgres:
        return ExternalPostgres(url=EnvVar(POSTGRES_URL))
    programs = str(settings.postgres_bin) if settings.postgres_bin else None
    return LocalPostgres(folder=str(settings.postgres), programs=programs)


def _closed(settings: Settings, place: str) -> str:
    """The setting `place` if made-up trips may not go to what it names; else an empty text."""
    return place if place in settings.closed_to_sample else ""
