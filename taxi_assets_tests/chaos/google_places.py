"""What a reader finds of the month in Cloud Storage and BigQuery, on the local servers that speak their protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from google.cloud import bigquery, storage

from taxi_assets.destinations.bigquery.table import BigQueryTable
from taxi_assets.destinations.descriptions import descriptions_of
from taxi_assets.destinations.gcs.object_names import object_names
from taxi_assets.destinations.table_store import TableStore
from taxi_assets.model.months import Month
from taxi_assets_tests.chaos.places import Found, LocalPlaces


@dataclass(frozen=True)
class GooglePlaces(LocalPlaces):
    """Lake and Postgres as on a laptop, with a bucket of Cloud Storage and a dataset of BigQuery."""

    project: str
    bucket_name: str
    bq_dataset: str

    @property
    def readers(self) -> Mapping[str, Callable[[Month], Found]]:
        """Without the mart: its days are deleted before they are loaded, as docs/guarantees.md says."""
        return {name: read for name, read in super().readers.items() if name != "marts"}

    @property
    def at_rest(self) -> Mapping[str, Callable[[Month], Found]]:
        return {**self.readers, "marts": self.days}

    @cached_property
    def storage(self) -> storage.Client:
        return storage.Client(project=self.project)

    @cached_property
    def bigquery(self) -> bigquery.Client:
        return bigquery.Client(project=self.project)

    def bucket(self, month: Month) -> Found:
        """The CRC32C of the object."""
        blob = self.storage.bucket(self.bucket_name).get_blob(object_names(self.dataset, month)[0])
        return blob.crc32c if blob else "nothing"

    def warehouse(self, month: Month) -> Found:
        """The clean rows; those in quarantine are replaced by a load job of their own."""
        rows = f"SELECT COUNT(*), SUM(source_row), SUM(total_amount) FROM {self._name(self.dataset.table)}"  # noqa: S608
        return self._ask_bigquery(f"{rows} WHERE trip_month = '{month.key}'")

    def days(self, month: Month) -> Found:
        rows = f"SELECT COUNT(*), SUM(TRIPS) FROM {self._name('daily_trips')}"  # noqa: S608 a name of ours
        return self._ask_bigquery(f"{rows} WHERE TRIP_MONTH = '{month.key}' AND DATASET = '{self.dataset.name}'")

    def warehouse_table(self) -> TableStore:
        return BigQueryTable(
            self.bigquery, self.bq_dataset, self.dataset.table, "", descriptions_of(self.dataset), run_id="reader"
        )

    def everything(self, month: Month) -> frozenset[str]:
        objects = (f"bucket {blob.name}" for blob in self.storage.list_blobs(self.bucket_name))
        tables = (f"BigQuery {table.table_id}" for table in self.bigquery.list_tables(self.bq_dataset))
        return super().everything(month) | {*objects, *tables}

    def _name(self, table: str) -> str:
        return f"`{self.project}.{self.bq_dataset}.{table}`"

    def _ask_bigquery(self, query: str) -> Found:
        [row] = self.bigquery.query(query).result()
        return tuple(row.values())
