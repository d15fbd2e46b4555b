"""A month in BigQuery is one partition, replaced by one load job from the bucket."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from google.cloud import bigquery as google_bigquery

from taxi_assets import progress
from taxi_assets.destinations.bigquery import loading
from taxi_assets.destinations.bigquery import table as bigquery_table
from taxi_assets.destinations.bigquery.table import clustering
from taxi_assets.errors import TaxiError
from taxi_assets_tests.destinations.bigquery.place import BigQueryPlace
from taxi_assets_tests.destinations.month_files import FEBRUARY, JANUARY, month_files


def test_the_table_is_partitioned_clustered_and_described(place: BigQueryPlace, tmp_path: Path) -> None:
    place.load(JANUARY, month_files(tmp_path, JANUARY, 10))
    made = place.client.get_table(place.store().id)
    assert made.time_partitioning.field == "trip_month"
    assert made.time_partitioning.type_ == "MONTH"
    assert made.require_partition_filter
    assert made.clustering_fields == ["pickup_location_id", "pickup_datetime"]
    assert made.description == "Yellow taxi trips."
    fields = {field.name: field for field in made.schema}
    assert fields["pickup_datetime"].field_type == "DATETIME"
    assert fields["trip_month"].field_type == "DATE"
    assert fields["fare_amount"].description == "The driver's fare. In US dollars."


def test_a_table_is_clustered_by_the_columns_that_it_has() -> None:
    columns = [google_bigquery.SchemaField(name, "INT64") for name in ("vendor_id", "pickup_datetime")]
    assert clustering(columns) == ["pickup_datetime"]
    assert clustering(columns[:1]) is None


def test_other_clustering_reaches_a_table_that_is_there_already(
    place: BigQueryPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(bigquery_table, "CLUSTERED_BY", ("vendor_id",))
        place.load(JANUARY, month_files(tmp_path, JANUARY, 10))
        assert place.client.get_table(place.store().id).clustering_fields == ["vendor_id"]
    place.load(FEBRUARY, month_files(tmp_path, FEBRUARY, 20))
    made = place.client.get_table(place.store().id)
    assert made.clustering_fields == ["pickup_location_id", "pickup_datetime"]
    assert (made.time_partitioning.field, made.require_partition_filter) == ("trip_month", True)
    assert (place.store().count(JANUARY), place.store().count(FEBRUARY)) == (10, 20)
    assert place.client.get_table(place.store().quarantine.id).clustering_fields == made.clustering_fields


@pytest.mark.fault(28)
def test_a_load_asked_for_twice_in_one_run_runs_once(place: BigQueryPlace, tmp_path: Path) -> None:
    files = place.delivered(month_files(tmp_path, JANUARY, 100, quarantined=5))
    table = place.store()
    for _ in range(2):
        assert table.replace_month(JANUARY, files) == 100
    jobs = [job.job_id or "" for job in table.client.list_jobs()]
    mine = sorted(name for name in jobs if table.run_id in name)
    names = f"taxi_assets_yellow_taxi_trips_202101_{table.run_id}", "taxi_assets_yellow_taxi_trips_quarantine_202101"
    assert len(mine) == 2
    assert mine[0].startswith(names[0])
    assert mine[1].startswith(names[1])
    assert table.count(JANUARY) == 100


@pytest.mark.fault(28)
def test_a_load_that_failed_is_followed_by_another_in_the_same_run(place: BigQueryPlace, tmp_path: Path) -> None:
    place.load(FEBRUARY, month_files(tmp_path, FEBRUARY, 10))
    wrong, right = (place.delivered(month_files(tmp_path, month, 30)) for month in (FEBRUARY, JANUARY))
    table = place.store()
    with pytest.raises(TaxiError):
        table.replace_month(JANUARY, wrong)
    assert table.replace_month(JANUARY, right) == 30


def test_clean_rows_never_lie_without_those_set_aside(place: BigQueryPlace, tmp_path: Path) -> None:
    """BigQuery replaces two tables one after the other; the quarantine first."""
    files = place.delivered(month_files(tmp_path, JANUARY, 10, quarantined=5))
    with pytest.raises(TaxiError):
        place.store().replace_month(JANUARY, replace(files, clean=replace(files.clean, uri=f"{files.clean.uri}-none")))
    assert place.store().count(JANUARY) == 0
    assert place.store().quarantine.count(JANUARY) == 5


def test_a_table_made_by_somebody_else_is_left_alone(place: BigQueryPlace, tmp_path: Path) -> None:
    table = place.store()
    table.client.create_dataset(table.dataset)
    table.client.create_table(google_bigquery.Table(table.id, [google_bigquery.SchemaField("id", "INT64")]))
    with pytest.raises(TaxiError, match="it is not ours") as raised:
        place.load(JANUARY, month_files(tmp_path, JANUARY, 10))
    assert "TAXI_BQ_DATASET" in raised.value.advice


def test_a_load_that_takes_long_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local server loads at once, so the job is made up."""

    class SlowJob:
        looks = 0

        def done(self) -> bool:
            self.looks += 1
            return self.looks > 3

    monkeypatch.setattr(progress, "SECONDS", 0.0)
    monkeypatch.setattr(loading, "_POLL_SECONDS", 0.0)
    lines: list[str] = []
    with progress.report_progress(lines.append, "yellow 2021-01"):
        loading.wait_for(cast("google_bigquery.LoadJob", SlowJob()))
    assert lines == ["yellow 2021-01: BigQuery is loading, 0 s"] * 3


def test_a_few_rows_of_a_month_can_be_listed_and_none_of_one_that_is_not_there(
    place: BigQueryPlace, tmp_path: Path
) -> None:
    table = place.store()
    assert table.first_rows(JANUARY) == []
    place.load(JANUARY, month_files(tmp_path, JANUARY, 100))
    place.load(FEBRUARY, month_files(tmp_path, FEBRUARY, 3))
    assert {str(row["trip_month"]) for row in table.first_rows(JANUARY)} == {JANUARY.key}
    assert len(table.first_rows(FEBRUARY)) == 3
