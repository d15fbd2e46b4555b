"""A month in BigQuery is one partition, replaced by one load job from the bucket."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pyarrow as pa
import pytest
from google.cloud import bigquery as google_bigquery
from google.cloud import storage

from taxi_assets import progress
from taxi_assets.destinations.bigquery import table as bigquery_store
from taxi_assets.destinations.bigquery.table import BigQueryTable
from taxi_assets.destinations.gcs.bucket import Bucket
from taxi_assets.errors import TaxiError
from taxi_assets.model.months import Month
from taxi_assets.transform.month_file import MonthFile
from taxi_assets_tests.destinations.duckdb.test_table import month_file
from taxi_assets_tests.destinations.postgres.test_table import FEBRUARY, JANUARY
from taxi_assets_tests.servers.bigquery import BigQueryServer
from taxi_assets_tests.servers.google_login import PROJECT


@pytest.fixture
def table(bigquery: BigQueryServer) -> Iterator[BigQueryTable]:
    with google_bigquery.Client(project=PROJECT) as client:
        docs = {"fare_amount": "Fare. In US dollars."}
        yield BigQueryTable(client, f"test_{secrets.token_hex(6)}", "yellow_taxi_trips", "Yellow taxi trips.", docs)


@pytest.fixture
def store(bucket: str) -> Bucket:
    return Bucket(storage.Client(project=PROJECT), bucket)


def _object(
    store: Bucket, folder: Path, month: Month, count: int, extra: dict[str, pa.Array] | None = None
) -> MonthFile:
    path = month_file(folder, month, count, extra).path
    assert path is not None
    return store.upload(path, f"trips/{month}.parquet")


def _job_id() -> str:
    return f"taxi_assets_{secrets.token_hex(6)}"


def test_replacing_a_month_leaves_one_copy_and_the_others_alone(
    table: BigQueryTable, store: Bucket, tmp_path: Path
) -> None:
    table.replace_month(JANUARY, _object(store, tmp_path, JANUARY, 100), _job_id())
    table.replace_month(FEBRUARY, _object(store, tmp_path, FEBRUARY, 50), _job_id())
    assert table.replace_month(JANUARY, _object(store, tmp_path, JANUARY, 70), _job_id()) == 70
    assert (table.count(JANUARY), table.count(FEBRUARY)) == (70, 50)


def test_the_table_is_partitioned_clustered_and_described(table: BigQueryTable, store: Bucket, tmp_path: Path) -> None:
    table.replace_month(JANUARY, _object(store, tmp_path, JANUARY, 10), _job_id())
    made = table.client.get_table(table.id)
    assert made.time_partitioning.field == "trip_month"
    assert made.time_partitioning.type_ == "MONTH"
    assert made.require_partition_filter
    assert made.clustering_fields == ["pickup_datetime"]
    assert made.description == "Yellow taxi trips."
    fields = {field.name: field for field in made.schema}
    assert fields["pickup_datetime"].field_type == "DATETIME"
    assert fields["trip_month"].field_type == "DATE"
    assert fields["fare_amount"].description == "Fare. In US dollars."


def test_a_load_asked_for_twice_under_one_id_runs_once(table: BigQueryTable, store: Bucket, tmp_path: Path) -> None:
    file = _object(store, tmp_path, JANUARY, 100)
    job_id = _job_id()
    for _ in range(2):
        assert table.replace_month(JANUARY, file, job_id) == 100
    jobs = [job for job in table.client.list_jobs() if (job.job_id or "").startswith(job_id)]
    assert len(jobs) == 1
    assert table.count(JANUARY) == 100


def test_a_new_column_is_added_and_older_months_read_null(table: BigQueryTable, store: Bucket, tmp_path: Path) -> None:
    table.replace_month(JANUARY, _object(store, tmp_path, JANUARY, 10), _job_id())
    new = {"request_source": pa.array(["app"] * 10)}
    table.replace_month(FEBRUARY, _object(store, tmp_path, FEBRUARY, 10, new), _job_id())
    assert list(table.frame(FEBRUARY)["request_source"]) == ["app"] * 10
    assert table.frame(JANUARY)["request_source"].isna().all()
    table.replace_month(JANUARY, _object(store, tmp_path, JANUARY, 20), _job_id())
    assert table.count(JANUARY) == 20


def test_rows_of_another_month_are_refused_and_nothing_changes(
    table: BigQueryTable, store: Bucket, tmp_path: Path
) -> None:
    table.replace_month(JANUARY, _object(store, tmp_path, JANUARY, 10), _job_id())
    with pytest.raises(TaxiError):
        table.replace_month(JANUARY, _object(store, tmp_path, FEBRUARY, 20), _job_id())
    assert (table.count(JANUARY), table.count(FEBRUARY)) == (10, 0)


def test_a_load_that_failed_is_followed_by_another_under_the_same_name(
    table: BigQueryTable, store: Bucket, tmp_path: Path
) -> None:
    table.replace_month(FEBRUARY, _object(store, tmp_path, FEBRUARY, 10), _job_id())
    job_id = _job_id()
    wrong, right = _object(store, tmp_path, FEBRUARY, 20), _object(store, tmp_path, JANUARY, 30)
    with pytest.raises(TaxiError):
        table.replace_month(JANUARY, wrong, job_id)
    assert table.replace_month(JANUARY, right, job_id) == 30


def test_a_table_made_by_somebody_else_is_left_alone(table: BigQueryTable, store: Bucket, tmp_path: Path) -> None:
    table.client.create_dataset(table.dataset)
    table.client.create_table(google_bigquery.Table(table.id, [google_bigquery.SchemaField("id", "INT64")]))
    with pytest.raises(TaxiError, match="it is not ours") as raised:
        table.replace_month(JANUARY, _object(store, tmp_path, JANUARY, 10), _job_id())
    assert "TAXI_BQ_DATASET" in raised.value.advice


def test_a_month_that_is_not_there_counts_nothing(table: BigQueryTable) -> None:
    assert table.count(JANUARY) == 0


def test_a_load_that_takes_long_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local server loads at once, so the job is made up."""

    class SlowJob:
        looks = 0

        def done(self) -> bool:
            self.looks += 1
            return self.looks > 3

    monkeypatch.setattr(progress, "SECONDS", 0.0)
    monkeypatch.setattr(bigquery_store, "_LOOK_SECONDS", 0.0)
    lines: list[str] = []
    with progress.report_progress(lines.append, "yellow 2021-01"):
        bigquery_store._wait(cast("google_bigquery.LoadJob", SlowJob()))
    assert lines == ["yellow 2021-01: BigQuery is loading, 0 s"] * 3


def test_a_few_rows_of_a_month_can_be_listed_and_none_of_one_that_is_not_there(
    table: BigQueryTable, store: Bucket, tmp_path: Path
) -> None:
    assert table.first_rows(JANUARY) == []
    table.replace_month(JANUARY, _object(store, tmp_path, JANUARY, 100), _job_id())
    table.replace_month(FEBRUARY, _object(store, tmp_path, FEBRUARY, 3), _job_id())
    assert {str(row["trip_month"]) for row in table.first_rows(JANUARY)} == {JANUARY.key}
    assert len(table.first_rows(FEBRUARY)) == 3
