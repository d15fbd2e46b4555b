"""Zones in Postgres: always whole for readers; views that lose and double nothing, and grow with their table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Thread

import psycopg
import pyarrow as pa
import pytest

from taxi_assets.destinations.postgres import session as postgres_session
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.destinations.postgres.zones import PostgresZones
from taxi_assets.errors import TaxiError
from taxi_assets.model.zones import Zone, read_zones
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets_tests.destinations.postgres.test_table import FEBRUARY, JANUARY, trips

ZONES = read_zones(zone_lookup())
UNNAMED = tuple(replace(zone, borough=None, zone=None, service_zone=None) for zone in ZONES)


def ends(pickups: Sequence[int | None]) -> dict[str, pa.Array]:
    """Zones of trips: the pick-ups as given, all drop-offs in zone 4."""
    return {
        "pickup_location_id": pa.array(pickups, pa.int16()),
        "dropoff_location_id": pa.array([4] * len(pickups), pa.int16()),
    }


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


def _stored(connection: psycopg.Connection) -> list[Zone]:
    return [Zone(*row) for row in connection.execute("SELECT * FROM taxi_zones ORDER BY location_id")]


def test_the_last_lookup_written_is_the_one_that_is_there(zones: PostgresZones, connection: psycopg.Connection) -> None:
    zones.replace(UNNAMED)
    assert zones.replace(ZONES) == f"{zones.schema}.taxi_zones"
    assert _stored(connection) == list(ZONES)


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


def test_the_view_has_every_trip_once_and_the_names_of_its_zones(
    zones: PostgresZones, table: PostgresTable, connection: psycopg.Connection
) -> None:
    zones.replace(ZONES)
    table.replace_month(JANUARY, trips(JANUARY, 4, ends([2, None, 265, 2])))
    assert zones.join(table.name) == f"{zones.schema}.yellow_taxi_trips_with_zones"
    query = "SELECT source_row, pickup_borough, pickup_zone, dropoff_zone FROM {} ORDER BY 1"
    assert connection.execute(query.format("yellow_taxi_trips_with_zones")).fetchall() == [
        (0, "Brooklyn", "Sample zone 2", "Sample zone 4"),
        (1, None, None, "Sample zone 4"),
        (2, "N/A", "Sample zone 265", "Sample zone 4"),
        (3, "Brooklyn", "Sample zone 2", "Sample zone 4"),
    ]


def test_the_view_follows_a_new_column_and_what_depends_on_it_stays(
    zones: PostgresZones, table: PostgresTable, connection: psycopg.Connection
) -> None:
    zones.replace(ZONES)
    table.replace_month(JANUARY, trips(JANUARY, 3, ends([1, 2, 3])))
    zones.join(table.name)
    connection.execute("CREATE VIEW mine AS SELECT pickup_zone FROM yellow_taxi_trips_with_zones")
    new = {"request_source": pa.array(["app"] * 3)}
    table.replace_month(FEBRUARY, trips(FEBRUARY, 3, {**ends([1, 2, 3]), **new}))
    zones.join(table.name)
    query = "SELECT request_source, count(*) FROM yellow_taxi_trips_with_zones GROUP BY 1 ORDER BY 1"
    assert connection.execute(query).fetchall() == [("app", 3), (None, 3)]
    assert connection.execute("SELECT count(*) FROM mine").fetchone() == (6,)


def test_months_are_swapped_under_the_view_and_its_readers(
    zones: PostgresZones, table: PostgresTable, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_session, "SWAP_ATTEMPTS", 3)
    zones.replace(ZONES)
    table.replace_month(JANUARY, trips(JANUARY, 100, ends([2] * 100)))
    zones.join(table.name)

    def reload() -> None:
        for _ in range(5):
            table.replace_month(JANUARY, trips(JANUARY, 100, ends([2] * 100)))
            zones.join(table.name)

    loader = Thread(target=reload)
    loader.start()
    seen = set()
    while loader.is_alive():
        query = "SELECT count(*), count(pickup_zone) FROM yellow_taxi_trips_with_zones"
        seen.add(connection.execute(query).fetchone())
    loader.join()
    assert seen == {(100, 100)}


def test_a_view_without_its_tables_says_what_to_materialize(zones: PostgresZones, table: PostgresTable) -> None:
    with pytest.raises(TaxiError, match="Materialize taxi_zones first"):
        zones.join(table.name)
    zones.replace(ZONES)
    with pytest.raises(TaxiError, match="Materialize postgres_table first"):
        zones.join(table.name)


def test_writers_of_lookup_and_view_wait_for_each_other(zones: PostgresZones, table: PostgresTable) -> None:
    table.replace_month(JANUARY, trips(JANUARY, 10, ends([2] * 10)))
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
