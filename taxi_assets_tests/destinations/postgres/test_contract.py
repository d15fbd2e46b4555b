"""Postgres does what every database of trips must do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.destinations.postgres.zones import PostgresZones
from taxi_assets_tests.destinations.contract import DESCRIPTIONS, TABLE, Place, TableStoreContract


@dataclass
class PostgresPlace(Place):
    """A schema of its own."""

    url: str
    schema: str

    def store(self) -> PostgresTable:
        return PostgresTable(self.url, self.schema, TABLE, DESCRIPTIONS)

    def zones(self) -> PostgresZones:
        return PostgresZones(self.url, self.schema)

    def full_name(self, table: str) -> str:
        return f"{self.schema}.{table}"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, options=f"-c search_path={self.schema}") as connection:
            return connection.execute(query.encode()).fetchall()

    def comments(self, table: str) -> Mapping[str, str]:
        query = "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = '{}'::regclass"
        return dict(self.ask(query.format(table) + " AND attnum > 0"))


class TestPostgres(TableStoreContract):
    @pytest.fixture
    def place(self, postgres_url: str, postgres_schema: str) -> Place:
        return PostgresPlace(postgres_url, postgres_schema)
