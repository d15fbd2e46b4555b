"""What Arrow holds arrives in Postgres as it is, whichever encoder wrote the COPY."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from datetime import date, datetime

import psycopg
import pyarrow as pa
import pytest
from psycopg.sql import SQL, Identifier

from taxi_assets.destinations.postgres.copy import CopyEncoder, PgpqEncoder, PsycopgEncoder, copy_encoder
from taxi_assets.destinations.postgres.partition import MonthRows, NewMonth
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.errors import TaxiError
from taxi_assets.model.column_types import types_of
from taxi_assets.model.months import Month
from taxi_assets.progress import report_progress

pytestmark = pytest.mark.slow

MONTH = Month(2021, 1)
COLUMNS: dict[str, pa.Array] = {
    "pickup_datetime": pa.array(
        [
            datetime(1, 1, 1),  # noqa: DTZ001 times are naive, as TLC's are
            datetime(1969, 12, 31, 23, 59, 59, 999_999),  # noqa: DTZ001
            None,
            datetime(2000, 1, 1),  # noqa: DTZ001
            datetime(3019, 2, 3, 4, 5, 6, 7),  # noqa: DTZ001
            datetime(9999, 12, 31, 23, 59, 59, 999_999),  # noqa: DTZ001
        ],
        pa.timestamp("us"),
    ),
    "fare_amount": pa.array([1.1, float("nan"), None, float("inf"), float("-inf"), 5e-324]),
    "source_row": pa.array([-(2**63), 2**63 - 1, None, 0, -1, 1], pa.int64()),
    "flags": pa.array([-(2**31), 2**31 - 1, None, 0, -1, 1], pa.int32()),
    "vendor_id": pa.array([-(2**15), 2**15 - 1, None, 0, -1, 1], pa.int16()),
    "trip_month": pa.array([date(1, 1, 1), date(1969, 12, 31), None, date(2000, 1, 1), date(3019, 1, 1), date.max]),
    "base": pa.array(["", "Ünïcödé 🚕 地", None, "a\tb\n\\N", 'it\'s "q"', "x" * 70_000]),
    "reasons": pa.array([[], ["one"], None, ["", None, "NULL"], [None], ["ü,{}", '"\\']], pa.list_(pa.string())),
}
"""Every kind of column, with the ends of its range and what is special in it."""


@pytest.fixture
def connection(postgres_url: str, postgres_schema: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_url, autocommit=True, options=f"-c search_path={postgres_schema}") as connected:
        connected.execute(SQL("CREATE SCHEMA {}").format(Identifier(postgres_schema)))
        yield connected


@pytest.fixture(params=["pgpq", "psycopg"])
def encoder(request: pytest.FixtureRequest) -> CopyEncoder:
    if request.param == "psycopg":
        return PsycopgEncoder()
    pytest.importorskip("pgpq", reason="pgpq has no wheel for this machine: its encoder cannot be tried")
    return PgpqEncoder()


def load(connection: psycopg.Connection, encoder: CopyEncoder, rows: pa.Table, name: str, batch: int = 4) -> int:
    """Loads the rows, in batches of so many, into the new table `name`."""
    columns = [SQL("{} {}").format(Identifier(each.name), SQL(types_of(each.type).postgres)) for each in rows.schema]
    connection.execute(SQL("CREATE TABLE {} ({})").format(Identifier(f"{name}_parent"), SQL(", ").join(columns)))
    month = NewMonth(connection, Identifier(f"{name}_parent"), Identifier(name), encoder)
    with connection.transaction():
        return month.load(MonthRows(rows.schema, rows.to_reader(max_chunksize=batch)), [])


def comparable(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """NaN equals itself."""
    return [tuple("NaN" if isinstance(value, float) and math.isnan(value) else value for value in row) for row in rows]


def test_every_value_of_every_kind_arrives_as_it_is(connection: psycopg.Connection, encoder: CopyEncoder) -> None:
    sent = pa.table(COLUMNS)
    assert load(connection, encoder, sent, "trips") == 6
    arrived = connection.execute("SELECT * FROM trips").fetchall()
    assert comparable(arrived) == comparable(list(zip(*sent.to_pydict().values(), strict=True)))


def test_many_batches_arrive_in_their_order(connection: psycopg.Connection, encoder: CopyEncoder) -> None:
    rows = pa.concat_tables([pa.table(COLUMNS)] * 4_000).set_column(2, "source_row", pa.array(range(24_000)))
    assert load(connection, encoder, rows, "trips", batch=11_000) == 24_000
    arrived = connection.execute("SELECT source_row, base = '' FROM trips").fetchall()
    assert [row[0] for row in arrived] == list(range(24_000))
    assert [row[0] for row in arrived if row[1]] == list(range(0, 24_000, 6))


def test_no_rows_are_no_rows(connection: psycopg.Connection, encoder: CopyEncoder) -> None:
    empty = pa.table(COLUMNS).slice(0, 0)
    assert load(connection, encoder, empty, "trips") == 0
    assert connection.execute("SELECT count(*) FROM trips").fetchone() == (0,)


def test_rows_that_are_a_part_of_longer_arrays_arrive_alone(
    connection: psycopg.Connection, encoder: CopyEncoder
) -> None:
    sent = pa.table(COLUMNS).slice(3, 2)
    assert load(connection, encoder, sent, "trips") == 2
    assert connection.execute("SELECT vendor_id, reasons FROM trips").fetchall() == [
        (0, ["", None, "NULL"]),
        (-1, [None]),
    ]


def test_a_time_beyond_python_s_calendar_arrives(connection: psycopg.Connection, encoder: CopyEncoder) -> None:
    times = pa.array([-(10**17), 10**18], pa.timestamp("us"))
    load(connection, encoder, pa.table({"pickup_datetime": times}), "trips")
    arrived = connection.execute("SELECT extract(epoch FROM pickup_datetime)::bigint FROM trips").fetchall()
    assert arrived == [(-(10**11),), (10**12,)]


def test_both_encoders_fill_a_table_alike_to_the_byte(connection: psycopg.Connection) -> None:
    pytest.importorskip("pgpq", reason="pgpq has no wheel for this machine: there is nothing to compare with")
    stored = []
    for encoder in (PgpqEncoder(), PsycopgEncoder()):
        name = type(encoder).__name__.lower()
        load(connection, encoder, pa.table(COLUMNS), name)
        with connection.cursor().copy(SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(name))) as copy:
            stored.append(b"".join(bytes(data) for data in copy))
    assert stored[0] == stored[1]
    schema = pa.table(COLUMNS).schema
    assert PgpqEncoder().types(schema) == PsycopgEncoder().types(schema)


@pytest.mark.parametrize(("column", "kind"), [("fare_amount", "bigint"), ("source_row", "integer"), ("base", "bytea")])
def test_a_column_of_another_type_is_refused_before_a_row_is_sent(
    connection: psycopg.Connection, encoder: CopyEncoder, column: str, kind: str
) -> None:
    connection.execute(SQL("CREATE TABLE parent ({} {})").format(Identifier(column), SQL(kind)))
    rows = pa.table({column: COLUMNS[column]})
    month = NewMonth(connection, Identifier("parent"), Identifier("trips"), encoder)
    with pytest.raises(TaxiError, match=f"as {kind}; the month holds"), connection.transaction():
        month.load(MonthRows(rows.schema, rows.to_reader()), [])


def test_a_text_that_postgres_cannot_hold_is_refused_whole(
    connection: psycopg.Connection, encoder: CopyEncoder
) -> None:
    with pytest.raises(psycopg.DataError):
        load(connection, encoder, pa.table({"base": ["fine", "nul \0 inside"]}), "trips")
    assert connection.execute("SELECT to_regclass('trips')").fetchone() == (None,)


def test_a_long_copy_says_how_far_it_is(connection: psycopg.Connection, encoder: CopyEncoder) -> None:
    said: list[str] = []
    ticks = iter(range(0, 1_000, 3))
    with report_progress(said.append, "yellow 2021-01", lambda: float(next(ticks))):
        load(connection, encoder, pa.concat_tables([pa.table(COLUMNS)] * 4), "trips", batch=6)
    assert said
    assert "copying" in said[0]
    assert "rows" in said[0]
    assert "MB" in said[0]


def test_a_month_is_loaded_where_pgpq_cannot_be_had(
    postgres_url: str, postgres_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pgpq", None)
    assert isinstance(copy_encoder(), PsycopgEncoder)
    table = PostgresTable(postgres_url, postgres_schema, "yellow_taxi_trips", {})
    rows = pa.table(
        {
            "pickup_datetime": pa.array([MONTH.start] * 2_000, pa.timestamp("us")),
            "trip_month": pa.array([MONTH.first_day] * 2_000, pa.date32()),
        }
    )
    for _ in range(2):
        assert table.replace_rows(MONTH, MonthRows(rows.schema, rows.to_reader())) == 2_000
    assert table.count(MONTH) == 2_000
