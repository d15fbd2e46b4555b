"""Zones in Postgres: always whole for readers; views that lose and double nothing, and grow with their table."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import psycopg
import pyarrow as pa
import pytest

from taxi_assets.destinations.postgres import session as postgres_session
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.destinations.postgres.zones import PostgresZones
from taxi_assets_tests.destinations.contract import UNNAMED, ZONES
from taxi_assets_tests.destinations.month_files import FEBRUARY, JANUARY, ends
from taxi_assets_tests.destinations.postgres.test_table import trips


@pytest.fixture
def zones(postgres_url: str, postgres_schema: str) -> PostgresZones:
    return PostgresZones(postgres_url, postgres_schema)


@pytest.fixture
def table(postgres_url: str, postgres_schema: str) -> PostgresTable:
    return PostgresTable(postgres_url, postgres_schema, "yellow_taxi_trips", {})


@pytest.fixture
def connection(zones: PostgresZones) -> Iterator[psycopg.Connection]:
    options = f"-c search_path={zones.schema}"
    with psycopg.connect(zones.url, autocommit=True, options=options) as connected:
        yield connected


def test_readers_never_see_the_table_empty(zones: PostgresZones, connection: psycopg.Connection) -> None:
    zones.replace(ZONES)

    def change() -> None:
        for lookup in (UNNAMED, ZONES) * 5:
            zones.replace(lookup)

    writer = Thread(target=change)
    writer.start()
    seen = set()
    while writer.is_alive():
        seen.add(connection.execute("SELECT count(*), count(DISTINCT location_id) FROM taxi_zones").fetchone())
    writer.join()
    assert seen == {(265, 265)}


def test_an_unchanged_lookup_is_not_written_again(zones: PostgresZones, connection: psycopg.Connection) -> None:
    zones.replace(ZONES)
    before = connection.execute("SELECT DISTINCT xmin::text FROM taxi_zones").fetchall()
    zones.replace(ZONES)
    assert connection.execute("SELECT DISTINCT xmin::text FROM taxi_zones").fetchall() == before


def test_the_view_follows_a_new_column_and_what_depends_on_it_stays(
    zones: PostgresZones, table: PostgresTable, connection: psycopg.Connection
) -> None:
    zones.replace(ZONES)
    table.replace_rows(JANUARY, trips(JANUARY, 3, ends([1, 2, 3])))
    zones.join(table.name)
    connection.execute("CREATE VIEW mine AS SELECT pickup_zone FROM yellow_taxi_trips_with_zones")
    new = {"request_source": pa.array(["app"] * 3)}
    table.replace_rows(FEBRUARY, trips(FEBRUARY, 3, {**ends([1, 2, 3]), **new}))
    zones.join(table.name)
    query = "SELECT request_source, count(*) FROM yellow_taxi_trips_with_zones GROUP BY 1 ORDER BY 1"
    assert connection.execute(query).fetchall() == [("app", 3), (None, 3)]
    assert connection.execute("SELECT count(*) FROM mine").fetchone() == (6,)


def test_months_are_swapped_under_the_view_and_its_readers(
    zones: PostgresZones, table: PostgresTable, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_session, "SWAP_ATTEMPTS", 3)
    zones.replace(ZONES)
    table.replace_rows(JANUARY, trips(JANUARY, 100, ends([2] * 100)))
    zones.join(table.name)

    def reload() -> None:
        for _ in range(5):
            table.replace_rows(JANUARY, trips(JANUARY, 100, ends([2] * 100)))
            zones.join(table.name)

    loader = Thread(target=reload)
    loader.start()
    seen = set()
    while loader.is_alive():
        query = "SELECT count(*), count(pickup_zone) FROM yellow_taxi_trips_with_zones"
        seen.add(connection.execute(query).fetchone())
    loader.join()
    assert seen == {(100, 100)}


def test_writers_of_lookup_and_view_wait_for_each_other(zones: PostgresZones, table: PostgresTable) -> None:
    table.replace_rows(JANUARY, trips(JANUARY, 10, ends([2] * 10)))
    failures: list[BaseException] = []

    def work() -> None:
        try:
            zones.replace(ZONES)
            zones.join(table.name)
        except BaseException as error:  # noqa: BLE001 looked at below
            failures.append(error)

    writers = [Thread(target=work) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failures
