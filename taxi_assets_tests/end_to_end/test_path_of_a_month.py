"""The whole path of a month, from publisher to tables, on a laptop and through Google's protocols."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from google.cloud import bigquery as google_bigquery

from taxi_assets.atomic_files import sha256
from taxi_assets.model.datasets import FileFormat
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import failure, metadata, rows, run_month
from taxi_assets_tests.servers.bigquery import BigQueryServer
from taxi_assets_tests.servers.gcs import GcsServer
from taxi_assets_tests.servers.publisher import PublisherServer

pytestmark = pytest.mark.slow

MONTHS: list[tuple[str, str, FileFormat]] = [
    ("yellow", "2021-01", "csv.gz"),
    ("yellow", "2025-03", "parquet"),
    ("green", "2020-04", "csv.gz"),
    ("green", "2019-01", "parquet"),
]


def _equal_everywhere(counts: dict[str, int]) -> bool:
    clean = counts["clean"]
    same = counts["bucket"] == counts["warehouse"] == counts["Postgres"] == clean
    return same and counts["published"] == clean + counts["quarantine"] and clean > 0


@pytest.mark.parametrize(("dataset", "month", "file_format"), MONTHS)
def test_every_published_row_is_clean_or_quarantined_and_every_clean_row_is_everywhere(
    settings: Settings, dataset: str, month: str, file_format: FileFormat
) -> None:
    settings = dataclasses.replace(settings, sample_format=file_format)
    run_month(settings, dataset, month)
    counts = rows(settings, dataset, month)
    assert counts["published"] == 2_000
    assert counts["quarantine"] > 0
    assert _equal_everywhere(counts)


def test_a_month_run_twice_has_the_same_rows_and_the_same_bytes(settings: Settings) -> None:
    run_month(settings, "green", "2020-04")
    first = rows(settings, "green", "2020-04")
    files = {path: sha256(path) for path in settings.home.rglob("*.parquet")}
    second_run = run_month(settings, "green", "2020-04")
    assert rows(settings, "green", "2020-04") == first
    assert {path: sha256(path) for path in settings.home.rglob("*.parquet")} == files
    assert len(files) == 4
    assert metadata(second_run, "raw_trips")["unchanged"] is True


def test_months_and_datasets_do_not_disturb_each_other(settings: Settings) -> None:
    for dataset, month in [("yellow", "2020-12"), ("yellow", "2021-01"), ("green", "2021-01")]:
        run_month(settings, dataset, month)
    before = [rows(settings, "yellow", "2020-12"), rows(settings, "green", "2021-01")]
    run_month(settings, "yellow", "2021-01")
    assert [rows(settings, "yellow", "2020-12"), rows(settings, "green", "2021-01")] == before


@pytest.mark.fault(13)
def test_a_republished_month_replaces_the_old_one_everywhere(settings: Settings) -> None:
    run_month(settings, "green", "2020-04")
    run_month(dataclasses.replace(settings, sample_rows=3_000), "green", "2020-04")
    counts = rows(settings, "green", "2020-04")
    assert counts["published"] == 3_000
    assert _equal_everywhere(counts)
    assert len(list((settings.home / "lake/raw").rglob("*.csv.gz"))) == 1


@pytest.mark.fault(28)
def test_a_month_goes_through_bucket_and_bigquery_by_load_job(
    google_settings: Settings, gcs: GcsServer, bigquery: BigQueryServer
) -> None:
    for _ in range(2):
        run_month(google_settings, "yellow", "2021-01")
    run_month(google_settings, "yellow", "2021-02")
    assert _equal_everywhere(rows(google_settings, "yellow", "2021-01"))
    assert _equal_everywhere(rows(google_settings, "yellow", "2021-02"))
    jobs = google_bigquery.Client(project=google_settings.gcp_project).list_jobs()
    loads = [job for job in jobs if job.job_type == "load" and job.destination.dataset_id == google_settings.bq_dataset]
    loads = [job for job in loads if job.destination.table_id.startswith("yellow_taxi_trips")]
    assert {job.destination.table_id for job in loads} == {
        f"yellow_taxi_trips{quarantine}$2021{month}" for quarantine in ("", "_quarantine") for month in ("01", "02")
    }
    assert {job.write_disposition for job in loads} == {"WRITE_TRUNCATE"}
    uri = f"gs://{google_settings.gcs_bucket}/trips/yellow/trip_month=2021-01-01/yellow_tripdata_2021-01.parquet"
    assert uri in {source for job in loads for source in job.source_uris}


def test_an_unchanged_month_is_not_uploaded_again(google_settings: Settings, gcs: GcsServer) -> None:
    run_month(google_settings, "green", "2020-04", assets=["raw_trips", "clean_trips", "gcs_parquet"])
    gcs.clear()
    run_month(google_settings, "green", "2020-04", assets=["raw_trips", "clean_trips", "gcs_parquet"])
    assert {method for method, _ in gcs.requests()} == {"GET"}


def test_the_warehouse_of_a_laptop_can_be_fed_from_a_real_bucket(google_settings: Settings) -> None:
    settings = dataclasses.replace(google_settings, bq_dataset=None)
    run_month(settings, "green", "2020-04")
    assert _equal_everywhere(rows(settings, "green", "2020-04"))


@pytest.mark.fault(1)
def test_a_failure_names_dataset_month_asset_cause_and_whether_to_retry(settings: Settings, tmp_path: Path) -> None:
    with PublisherServer(tmp_path) as publisher:
        result = run_month(dataclasses.replace(settings, publisher=publisher.url), "green", "2020-04", raises=False)
    assert not result.success
    message = failure(result, "raw_trips")
    for part in ("green 2020-04, raw_trips", "403", "A retry will not help"):
        assert part in message


def test_a_downstream_asset_without_its_input_says_what_to_materialize(settings: Settings) -> None:
    result = run_month(settings, "green", "2020-04", assets=["postgres_table"], raises=False)
    assert "Materialize clean_trips for this month first" in failure(result, "postgres_table")


@pytest.mark.fault(24)
def test_a_full_disk_is_said_in_clear_words_leaves_nothing_behind_and_the_month_of_before(
    settings: Settings, small_disk: Path
) -> None:
    small = dataclasses.replace(settings, home=small_disk / "taxi", sample_rows=300)
    run_month(small, "green", "2020-04")
    before = _files(small_disk)
    held = rows(small, "green", "2020-04")
    failed = run_month(dataclasses.replace(small, sample_rows=100_000), "green", "2020-04", raises=False)
    [step] = [event.step_key for event in failed.all_events if event.is_step_failure and event.step_key]
    said = failure(failed, step)
    assert "green 2020-04, " in said
    assert "The disk is full: " in said
    assert "set TAXI_HOME to a folder on a larger disk" in said
    assert said.rstrip().endswith("A retry will not help.")
    left = {name for name in _files(small_disk) - before if "/raw/" not in name}  # the new publication is whole
    assert left <= {"taxi/warehouse.duckdb.wal"}
    assert {**rows(small, "green", "2020-04"), "published": 300} == held
    run_month(small, "green", "2020-04")
    assert rows(small, "green", "2020-04") == held


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
