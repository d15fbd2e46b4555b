"""A month in Postgres is replaced whole or not at all, whoever dies, waits or reads meanwhile."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from taxi_assets.destinations.postgres import session as postgres_session
from taxi_assets.destinations.postgres.partition import MonthRows
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.errors import TaxiError
from taxi_assets.model.months import Month
from taxi_assets.transform.month_file import MonthFile, MonthWriter
from taxi_assets_tests.destinations.month_files import FEBRUARY, JANUARY, month_files

SCHEMA = pa.schema(
    [
        ("pickup_datetime", pa.timestamp("us")),
        ("fare_amount", pa.float64()),
        ("source_row", pa.int64()),
        ("trip_month", pa.date32()),
        ("vendor_id", pa.int16()),
        ("store_and_fwd_flag", pa.string()),
    ]
)
SHARED = pa.schema([("source_file", pa.string()), ("airport_fee", pa.float64())])


def trips(month: Month, count: int, extra: dict[str, pa.Array] | None = None) -> MonthRows:
    columns = {
        "pickup_datetime": pa.array([month.start + timedelta(seconds=row) for row in range(count)], pa.timestamp("us")),
        "fare_amount": pa.array([row / 4 for row in range(count)]),
        "source_row": pa.array(range(count), pa.int64()),
        "trip_month": pa.array([month.first_day] * count, pa.date32()),
        "vendor_id": pa.array([None if row % 5 == 0 else 2 for row in range(count)], pa.int16()),
        "store_and_fwd_flag": pa.array(["N"] * count),
    }
    table = pa.table({**columns, **(extra or {})})
    return MonthRows(table.schema, table.to_reader(max_chunksize=1_000))


@pytest.fixture
def table(postgres_url: str, postgres_schema: str) -> PostgresTable:
    return PostgresTable(postgres_url, postgres_schema, "yellow_taxi_trips", {"fare_amount": "Fare. In US dollars."})


@pytest.fixture
def connection(postgres_url: str, postgres_schema: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_url, autocommit=True, options=f"-c search_path={postgres_schema}") as connected:
        yield connected


def test_a_month_arrives_with_its_values(table: PostgresTable, connection: psycopg.Connection) -> None:
    assert table.replace_rows(JANUARY, trips(JANUARY, 2_500)) == 2_500
    row = connection.execute("SELECT * FROM yellow_taxi_trips WHERE source_row = 2499").fetchone()
    assert row == (datetime(2021, 1, 1, 0, 41, 39), 624.75, 2499, JANUARY.first_day, 2, "N")  # noqa: DTZ001
    sums = connection.execute("SELECT sum(fare_amount), sum(source_row), count(vendor_id) FROM yellow_taxi_trips")
    assert sums.fetchone() == (780_937.5, 3_123_750, 2_000)


def test_what_all_rows_share_is_kept_once_and_read_with_each(
    table: PostgresTable, connection: psycopg.Connection, tmp_path: Path
) -> None:
    count = 2_000
    shared = {"source_file": pa.array(["it's 1%.csv"] * count), "airport_fee": pa.nulls(count, pa.float64())}
    with MonthWriter(tmp_path / "month.parquet", pa.schema([*SCHEMA, *SHARED])) as writer:
        for batch in trips(JANUARY, count, shared).batches:
            writer.write(batch)
        writer.finish({})
    rows = MonthRows.of(MonthFile.local(tmp_path / "month.parquet"))
    assert rows.uniform == {"store_and_fwd_flag": "N", "source_file": "it's 1%.csv", "airport_fee": None}
    assert table.replace_rows(JANUARY, rows) == count
    found = "SELECT store_and_fwd_flag, source_file, airport_fee, count(*) FROM yellow_taxi_trips GROUP BY 1, 2, 3"
    assert connection.execute(found).fetchall() == [("N", "it's 1%.csv", None, count)]
    table.replace_rows(FEBRUARY, trips(FEBRUARY, 10))
    assert connection.execute(found + " ORDER BY 4").fetchall()[0] == ("N", None, None, 10)


def test_a_month_is_read_back_as_a_data_frame(table: PostgresTable) -> None:
    table.replace_rows(JANUARY, trips(JANUARY, 100))
    table.replace_rows(FEBRUARY, trips(FEBRUARY, 50))
    frame = table.month(FEBRUARY).frame()
    assert len(frame) == 50
    assert str(frame.dtypes["pickup_datetime"]).startswith("datetime64")


def test_only_the_month_asked_for_is_read_whichever_date_is_asked_by(
    table: PostgresTable, connection: psycopg.Connection
) -> None:
    for month in (JANUARY, FEBRUARY):
        table.replace_rows(month, trips(month, 100))
    for condition in ("trip_month = '2021-02-01'", "pickup_datetime >= '2021-02-01'"):
        plan = connection.execute(f"EXPLAIN SELECT * FROM yellow_taxi_trips WHERE {condition}").fetchall()  # noqa: S608 names of the tests
        assert "2021_02" in str(plan)
        assert "2021_01" not in str(plan)


def test_columns_carry_their_descriptions(table: PostgresTable, connection: psycopg.Connection) -> None:
    table.replace_rows(JANUARY, trips(JANUARY, 1))
    for name in ("yellow_taxi_trips", "yellow_taxi_trips_2021_01"):
        comment = connection.execute("SELECT col_description(%s::regclass, 2)", (name,)).fetchone()
        assert comment == ("Fare. In US dollars.",)


def test_a_column_of_another_type_is_refused_and_nothing_changes(
    table: PostgresTable, connection: psycopg.Connection
) -> None:
    table.replace_rows(JANUARY, trips(JANUARY, 10))
    connection.execute("ALTER TABLE yellow_taxi_trips ALTER COLUMN fare_amount TYPE bigint")
    with pytest.raises(TaxiError, match=r"fare_amount of .* as bigint; the month holds float8"):
        table.replace_rows(JANUARY, trips(JANUARY, 20))
    assert table.count(JANUARY) == 10


def test_a_table_made_by_somebody_else_is_left_alone(table: PostgresTable, connection: psycopg.Connection) -> None:
    connection.execute(f"CREATE SCHEMA {table.schema}")
    connection.execute("CREATE TABLE yellow_taxi_trips (id int)")
    with pytest.raises(TaxiError, match="it is not ours") as raised:
        table.replace_rows(JANUARY, trips(JANUARY, 10))
    assert "TAXI_POSTGRES_SCHEMA" in raised.value.advice


def test_a_row_of_another_month_is_refused_by_the_table(table: PostgresTable) -> None:
    with pytest.raises(TaxiError, match=r"refused a statement: new row .* violates check constraint"):
        table.replace_rows(JANUARY, trips(FEBRUARY, 10))
    assert table.count(JANUARY) == 0


def test_a_stream_that_breaks_leaves_the_old_month(table: PostgresTable) -> None:
    table.replace_rows(JANUARY, trips(JANUARY, 10))

    def broken() -> Iterator[pa.RecordBatch]:
        yield from trips(JANUARY, 3_000).batches
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        table.replace_rows(JANUARY, MonthRows(SCHEMA, pa.RecordBatchReader.from_batches(SCHEMA, broken())))
    assert table.count(JANUARY) == 10


@pytest.mark.fault(20)
def test_two_loaders_of_one_month_leave_one_copy(table: PostgresTable) -> None:
    loaders = [Thread(target=table.replace_rows, args=(JANUARY, trips(JANUARY, 5_000))) for _ in range(4)]
    for loader in loaders:
        loader.start()
    for loader in loaders:
        loader.join()
    assert table.count(JANUARY) == 5_000


@pytest.mark.fault(16)
def test_a_loader_killed_in_the_middle_of_its_copy_leaves_the_old_month_and_no_table_of_its_own(
    table: PostgresTable, connection: psycopg.Connection, tmp_path: Path
) -> None:
    table.replace_rows(JANUARY, trips(JANUARY, 10))
    started = tmp_path / "started"
    program = f"""
import time
import pyarrow as pa
from pathlib import Path
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.destinations.postgres.partition import MonthRows
from taxi_assets_tests.destinations.postgres.test_table import JANUARY, SCHEMA, trips
def endless():
    yield from trips(JANUARY, 5000).batches
    Path({str(started)!r}).touch()
    time.sleep(60)
rows = MonthRows(SCHEMA, pa.RecordBatchReader.from_batches(SCHEMA, endless()))
PostgresTable({table.url!r}, {table.schema!r}, {table.name!r}, {{}}).replace_rows(JANUARY, rows)
"""
    with subprocess.Popen([sys.executable, "-c", program]) as loader:
        while not started.exists():
            time.sleep(0.02)
        loader.kill()
    assert table.count(JANUARY) == 10
    table.replace_rows(JANUARY, trips(JANUARY, 20))
    assert table.count(JANUARY) == 20
    tables = "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p')"
    names = {row[0] for row in connection.execute(tables, (table.schema,))}
    assert names == {"yellow_taxi_trips", "yellow_taxi_trips_2021_01"}


@pytest.mark.fault(18)
def test_a_server_that_drops_the_loader_is_worth_a_retry(table: PostgresTable, connection: psycopg.Connection) -> None:
    table.replace_rows(JANUARY, trips(JANUARY, 10))

    def interrupted() -> Iterator[pa.RecordBatch]:
        yield from trips(JANUARY, 3_000).batches
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'taxi_assets'"
        )
        yield from trips(JANUARY, 3_000).batches

    with pytest.raises(TaxiError) as raised:
        table.replace_rows(JANUARY, MonthRows(SCHEMA, pa.RecordBatchReader.from_batches(SCHEMA, interrupted())))
    assert raised.value.retry
    assert table.count(JANUARY) == 10


def test_a_server_that_is_not_there_is_worth_a_retry(postgres_schema: str) -> None:
    table = PostgresTable("postgresql://nobody@127.0.0.1:1/none", postgres_schema, "t", {})
    with pytest.raises(TaxiError) as raised:
        table.replace_rows(JANUARY, trips(JANUARY, 1))
    assert raised.value.retry


def test_a_long_query_delays_the_swap_and_is_not_disturbed(
    table: PostgresTable, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_session, "SWAP_LOCK_TIMEOUT", "100ms")
    table.replace_rows(JANUARY, trips(JANUARY, 10))
    with psycopg.connect(postgres_url, options=f"-c search_path={table.schema}") as reader:
        reader.execute("SELECT count(*) FROM yellow_taxi_trips")
        loader = Thread(target=table.replace_rows, args=(JANUARY, trips(JANUARY, 20)))
        loader.start()
        time.sleep(0.5)
        again = reader.execute("SELECT count(*) FROM yellow_taxi_trips").fetchone()
        assert again == (10,)
        assert loader.is_alive()
        reader.commit()
        loader.join()
    assert table.count(JANUARY) == 20


def test_a_query_that_never_ends_makes_the_load_give_up_with_the_old_month_in_place(
    table: PostgresTable, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_session, "SWAP_LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(postgres_session, "SWAP_ATTEMPTS", 2)
    table.replace_rows(JANUARY, trips(JANUARY, 10))
    with psycopg.connect(postgres_url, options=f"-c search_path={table.schema}") as reader:
        reader.execute("SELECT count(*) FROM yellow_taxi_trips")
        with pytest.raises(TaxiError, match="a long query holds the table"):
            table.replace_rows(JANUARY, trips(JANUARY, 20))
    assert table.count(JANUARY) == 10


def test_readers_always_see_a_whole_month(table: PostgresTable, connection: psycopg.Connection) -> None:
    table.replace_rows(JANUARY, trips(JANUARY, 1_000))

    def reload() -> None:
        for _ in range(5):
            table.replace_rows(JANUARY, trips(JANUARY, 1_000))

    loader = Thread(target=reload)
    loader.start()
    seen = set()
    while loader.is_alive():
        seen.add(connection.execute("SELECT count(*) FROM yellow_taxi_trips").fetchone())
    loader.join()
    assert seen == {(1_000,)}


@pytest.mark.fault(39)
def test_a_role_with_rights_on_its_schema_alone_can_load(postgres_url: str, tmp_path: Path) -> None:
    role, schema = f"role_{secrets.token_hex(4)}", f"schema_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE ROLE {} LOGIN PASSWORD 'p'").format(Identifier(role)))
        connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
        connection.execute(SQL("GRANT USAGE, CREATE ON SCHEMA {} TO {}").format(Identifier(schema), Identifier(role)))
    url = make_conninfo(postgres_url, user=role, password="p")  # noqa: S106 a database of the tests
    table = PostgresTable(url, schema, "trips", {})
    assert table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 10)) == 10
    assert table.count(JANUARY) == 10


@pytest.mark.fault(39)
def test_nothing_stays_set_in_a_connection_that_others_use_next(
    postgres_url: str, postgres_schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = "SELECT name, setting FROM pg_settings WHERE source = 'session' AND name <> 'application_name'"
    left: list[tuple[str, str]] = []
    connect = psycopg.connect

    class Watched:
        """A connection that tells, when it is given back, what is still set in it."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.connection = connect(*args, **kwargs)

        def __enter__(self) -> psycopg.Connection:
            return self.connection.__enter__()

        def __exit__(self, *error: Any) -> None:
            left.extend(self.connection.execute(shown).fetchall())
            self.connection.__exit__(*error)

    monkeypatch.setattr(psycopg, "connect", Watched)
    table = PostgresTable(postgres_url, postgres_schema, "trips", {})
    table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 10))
    table.checksums(JANUARY)
    assert left == []
