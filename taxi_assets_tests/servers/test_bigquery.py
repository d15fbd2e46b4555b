"""What a user of BigQueryServer and GoogleLogin can rely on, with Google's unpatched clients."""
# ruff: noqa: S608 (the table names are the tests' own)

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud import bigquery
from google.cloud.bigquery import SchemaField
from google.cloud.storage import Client as StorageClient

from taxi_assets_tests.servers.bigquery import BigQueryServer
from taxi_assets_tests.servers.bigquery_environment import find_python313
from taxi_assets_tests.servers.gcs import GcsServer
from taxi_assets_tests.servers.google_login import GoogleLogin

pytestmark = pytest.mark.emulator

JANUARY, FEBRUARY = dt.date(2021, 1, 1), dt.date(2021, 2, 1)
SCHEMA = [
    SchemaField("pickup_datetime", "DATETIME", description="When the meter was engaged."),
    SchemaField("pickup_location_id", "INTEGER"),
    SchemaField("fare_amount", "FLOAT"),
    SchemaField("trip_month", "DATE"),
]
LOAD: dict[str, Any] = {
    "source_format": "PARQUET",
    "schema": SCHEMA,
    "write_disposition": "WRITE_TRUNCATE",
    "time_partitioning": bigquery.TimePartitioning("MONTH", field="trip_month"),
    "clustering_fields": ["pickup_location_id", "pickup_datetime"],
    "schema_update_options": ["ALLOW_FIELD_ADDITION"],
}


@dataclass(frozen=True)
class Trips:
    """A table that is not there yet, in a dataset of its own, and what is done with it."""

    client: bigquery.Client
    table: str
    folder: Path

    def put(self, month: dt.date, rows: int, **more: list[Any]) -> str:
        """The address of a Parquet object with rows of a month, and more or other columns."""
        start = dt.datetime.combine(month, dt.time())
        columns = {
            "pickup_datetime": pa.array([start + dt.timedelta(hours=n) for n in range(rows)], pa.timestamp("us")),
            "pickup_location_id": pa.array(range(rows), pa.int64()),
            "fare_amount": pa.array([1.5] * rows, pa.float64()),
            "trip_month": pa.array([month] * rows, pa.date32()),
        }
        pq.write_table(pa.table(columns | more), self.folder / "month.parquet")
        name = f"trips/yellow/trip_month={month}/{uuid.uuid4().hex}.parquet"
        StorageClient().bucket("lake").blob(name).upload_from_filename(self.folder / "month.parquet")
        return f"gs://lake/{name}"

    def start(self, uri: str, partition: str, job_id: str | None = None, **more: Any) -> bigquery.LoadJob:
        config = bigquery.LoadJobConfig(**(LOAD | more))
        return self.client.load_table_from_uri(uri, self.table + partition, job_id=job_id, job_config=config)

    def load(self, uri: str, partition: str, **more: Any) -> None:
        self.start(uri, partition, **more).result()

    def counts(self, suffix: str = "") -> dict[dt.date, int]:
        query = f"SELECT trip_month, COUNT(*) FROM `{self.table}{suffix}` GROUP BY 1"
        return {row[0]: row[1] for row in self.client.query_and_wait(query)}


@pytest.fixture(scope="module")
def login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoogleLogin]:
    """All of Google, as far as clients can tell from the environment."""
    if find_python313() is None:
        pytest.skip("local-bigquery needs Python 3.13")
    folder = tmp_path_factory.mktemp("google")
    with (
        GcsServer(folder / "gcs") as gcs,
        BigQueryServer(folder / "bigquery", gcs.url) as server,
        GoogleLogin(folder) as login,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
        patch.setenv("BIGQUERY_EMULATOR_HOST", server.url)
        patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(login.key_file))
        StorageClient().create_bucket("lake", project=login.project)
        yield login


@pytest.fixture
def trips(login: GoogleLogin, tmp_path: Path) -> Iterator[Trips]:
    with bigquery.Client() as client:
        dataset = client.create_dataset(f"d_{uuid.uuid4().hex}")
        yield Trips(client, f"{login.project}.{dataset.dataset_id}.trips", tmp_path)


def test_google_clients_log_in_by_environment_alone(login: GoogleLogin) -> None:
    assert bigquery.Client().project == login.project == "test-project"
    assert [row[0] for row in bigquery.Client().query_and_wait("SELECT 1")] == [1]
    assert [bucket.name for bucket in StorageClient().list_buckets()] == ["lake"]


def test_a_month_loaded_twice_is_there_once_and_leaves_others_alone(trips: Trips) -> None:
    trips.load(trips.put(JANUARY, 3), "$202101")
    trips.load(trips.put(FEBRUARY, 5), "$202102")
    for _ in range(2):
        trips.load(trips.put(JANUARY, 4), "$202101")
    assert trips.counts() == {JANUARY: 4, FEBRUARY: 5}


def test_a_load_makes_the_table_as_it_says(trips: Trips) -> None:
    trips.load(trips.put(JANUARY, 3), "$202101")
    made = trips.client.get_table(trips.table)
    assert made.schema == SCHEMA
    assert (made.time_partitioning, made.clustering_fields) == (LOAD["time_partitioning"], LOAD["clustering_fields"])
    trips.load(trips.put(JANUARY, 2), "$202101")
    assert trips.client.get_table(trips.table).num_rows == 2


def test_a_load_keeps_descriptions_and_the_partition_filter(trips: Trips) -> None:
    new = bigquery.Table(trips.table, schema=SCHEMA)
    new.description, new.require_partition_filter = "Trips of yellow taxis.", True
    new.time_partitioning, new.clustering_fields = LOAD["time_partitioning"], LOAD["clustering_fields"]
    trips.client.create_table(new)
    plain = [SchemaField(field.name, field.field_type) for field in SCHEMA]
    trips.load(trips.put(JANUARY, 3), "$202101", schema=plain)
    kept = trips.client.get_table(trips.table)
    assert (kept.description, kept.require_partition_filter) == ("Trips of yellow taxis.", True)
    assert kept.schema[0].description == "When the meter was engaged."
    with pytest.raises(BadRequest, match="partition"):
        trips.counts()
    query = f"SELECT 1 FROM `{trips.table}` WHERE trip_month = '2021-01-01'"
    assert trips.client.query_and_wait(query).total_rows == 3


def test_rows_of_another_month_are_refused_and_change_nothing(trips: Trips) -> None:
    trips.load(trips.put(JANUARY, 3), "$202101")
    with pytest.raises(BadRequest, match="different partitions"):
        trips.load(trips.put(FEBRUARY, 5), "$202101")
    with pytest.raises(BadRequest, match="not the id of a MONTH partition"):
        trips.load(trips.put(JANUARY, 5), "$20210101")
    assert trips.counts() == {JANUARY: 3}


def test_a_job_id_is_good_for_one_job(trips: Trips) -> None:
    uri, job_id = trips.put(JANUARY, 3), f"load-{uuid.uuid4().hex}"
    trips.start(uri, "", job_id, write_disposition="WRITE_APPEND").result()
    with pytest.raises(Conflict):
        trips.start(uri, "", job_id, write_disposition="WRITE_APPEND")
    assert trips.counts() == {JANUARY: 3}


def test_a_new_column_is_added_only_if_allowed(trips: Trips) -> None:
    trips.load(trips.put(JANUARY, 3), "$202101")
    uri = trips.put(FEBRUARY, 2, airport_fee=[1.25, 0.0])
    wider = [*SCHEMA, SchemaField("airport_fee", "FLOAT", description="At pick-up.")]
    with pytest.raises(BadRequest, match="airport_fee' is not in the schema"):
        trips.load(uri, "$202102")
    with pytest.raises(BadRequest, match="Cannot add fields"):
        trips.load(uri, "$202102", schema=wider, schema_update_options=[])
    trips.load(uri, "$202102", schema=wider)
    assert trips.client.get_table(trips.table).schema[-1].description == "At pick-up."


def test_other_types_another_layout_and_missing_objects_are_refused(trips: Trips) -> None:
    trips.load(trips.put(JANUARY, 3), "$202101")
    whole = trips.put(JANUARY, 2, fare_amount=[1, 2])
    with pytest.raises(BadRequest, match="'fare_amount' has type BIGINT which does not match the target FLOAT"):
        trips.load(whole, "$202101")
    with pytest.raises(BadRequest, match="fare_amount has changed type from FLOAT to INTEGER"):
        trips.load(whole, "$202101", schema=[*SCHEMA[:2], SchemaField("fare_amount", "INTEGER"), SCHEMA[3]])
    with pytest.raises(BadRequest, match="Incompatible table partitioning"):
        trips.load(trips.put(JANUARY, 2), "$202101", clustering_fields=None)
    with pytest.raises(NotFound, match="gs://lake/missing"):
        trips.load("gs://lake/missing.parquet", "$202101")
    assert trips.counts() == {JANUARY: 3}


def test_a_partition_can_be_queried_into_copied_and_deleted(trips: Trips) -> None:
    trips.load(trips.put(JANUARY, 3), "$202101")
    trips.load(trips.put(FEBRUARY, 5), "$202102")
    into = bigquery.QueryJobConfig(destination=f"{trips.table}$202101", write_disposition="WRITE_TRUNCATE")
    query = f"SELECT * FROM `{trips.table}` WHERE trip_month = '2021-01-01' LIMIT 2"
    trips.client.query_and_wait(query, job_config=into)
    assert trips.counts() == {JANUARY: 2, FEBRUARY: 5}
    trips.client.copy_table(f"{trips.table}$202102", f"{trips.table}_february").result()
    assert trips.counts("_february") == {FEBRUARY: 5}
    trips.client.delete_table(f"{trips.table}$202102")
    assert trips.counts() == {JANUARY: 2}


def test_the_rows_of_a_partition_can_be_listed_without_a_query(trips: Trips) -> None:
    trips.load(trips.put(JANUARY, 3), "$202101")
    trips.load(trips.put(FEBRUARY, 5), "$202102")
    february = bigquery.Table(f"{trips.table}$202102", trips.client.get_table(trips.table).schema)
    months = [row["trip_month"] for row in trips.client.list_rows(february, max_results=4)]
    assert {str(month) for month in months} == {"2021-02-01"}
    assert len(months) == 4
    assert len(list(trips.client.list_rows(trips.table))) == 8


def test_months_loaded_at_once_into_a_new_table_are_all_there(trips: Trips) -> None:
    months = [dt.date(2021, month, 1) for month in range(1, 7)]
    jobs = [trips.start(trips.put(month, month.month), f"${month:%Y%m}") for month in months]
    for job in jobs:
        job.result()
    assert trips.counts() == {month: month.month for month in months}
