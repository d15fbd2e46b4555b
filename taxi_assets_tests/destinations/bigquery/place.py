"""BigQuery as a place of months: a dataset of its own on the local server, and a bucket to load from."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.cloud import bigquery

from taxi_assets.destinations.bigquery.table import BigQueryTable
from taxi_assets.destinations.bigquery.zones import BigQueryZones
from taxi_assets.destinations.gcs.bucket import Bucket
from taxi_assets.transform.month_file import MonthFile, MonthFiles
from taxi_assets_tests.destinations.contract import DESCRIPTIONS, TABLE, Place


@dataclass
class BigQueryPlace(Place):
    """A dataset that does not exist yet."""

    changes_types = False

    client: bigquery.Client
    bucket: Bucket
    dataset: str = field(default_factory=lambda: f"test_{secrets.token_hex(6)}")

    def store(self) -> BigQueryTable:
        run_id = secrets.token_hex(6)
        return BigQueryTable(self.client, self.dataset, TABLE, "Yellow taxi trips.", DESCRIPTIONS, run_id)

    def zones(self) -> BigQueryZones:
        return BigQueryZones(self.client, self.dataset)

    def full_name(self, table: str) -> str:
        return f"{self.client.project}.{self.dataset}.{table}"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        config = bigquery.QueryJobConfig(default_dataset=f"{self.client.project}.{self.dataset}")
        return [row.values() for row in self.client.query(query, config).result()]

    def comments(self, table: str) -> Mapping[str, str]:
        schema = self.client.get_table(self.full_name(table)).schema
        return {each.name: each.description or "" for each in schema}

    def delivered(self, files: MonthFiles) -> MonthFiles:
        return MonthFiles(self._uploaded(files.clean), self._uploaded(files.quarantine))

    def _uploaded(self, file: MonthFile) -> MonthFile:
        with file.on_disk() as path:
            return self.bucket.upload(path, f"trips/{path.name}")
