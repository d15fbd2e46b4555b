"""A month in Postgres is there once and whole, whenever the server or the connection to it is lost."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import psycopg
import pyarrow as pa
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from taxi_assets.destinations.postgres.partition import MonthRows
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.errors import TaxiError
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets_tests.destinations.month_files import JANUARY, month_files
from taxi_assets_tests.destinations.postgres.test_table import SCHEMA, trips

TABLE = "yellow_taxi_trips"


@pytest.mark.slow
@pytest.mark.fault(18)
def test_a_server_restarted_in_the_middle_of_a_copy_has_the_old_month_and_takes_the_new_one(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    table = PostgresTable(server.start(), "public", TABLE, {})
    try:
        table.replace_rows(JANUARY, trips(JANUARY, 10))

        def interrupted() -> Iterator[pa.RecordBatch]:
            yield from trips(JANUARY, 5_000).batches
            server.stop()
            server.start()
            yield from trips(JANUARY, 5_000).batches

        with pytest.raises(TaxiError) as raised:
            table.replace_rows(JANUARY, MonthRows(SCHEMA, pa.RecordBatchReader.from_batches(SCHEMA, interrupted())))
        assert raised.value.retry
        assert table.count(JANUARY) == 10
        assert table.replace_rows(JANUARY, trips(JANUARY, 20)) == table.count(JANUARY) == 20
    finally:
        server.stop()


@pytest.mark.fault(19)
def test_a_commit_whose_answer_is_lost_can_be_repeated(postgres_url: str, postgres_schema: str, tmp_path: Path) -> None:
    table = PostgresTable(postgres_url, postgres_schema, TABLE, {})
    table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 10, quarantined=1))
    new = month_files(tmp_path, JANUARY, 20, quarantined=2)
    with _losing_the_answer_to_the_commit(postgres_url) as url:
        through = PostgresTable(url, postgres_schema, TABLE, {})
        with pytest.raises(TaxiError) as raised:
            through.replace_month(JANUARY, new)
    assert raised.value.retry
    assert "Nothing was changed" not in str(raised.value)
    for _ in range(2):
        assert (table.count(JANUARY), table.quarantine.count(JANUARY)) == (20, 2)
        table.replace_month(JANUARY, new)


def test_a_snapshot_older_than_the_swap_sees_a_whole_month(
    postgres_url: str, postgres_schema: str, tmp_path: Path
) -> None:
    """Which one depends on whether it had touched the table before, as docs/guarantees.md tells readers."""
    table = PostgresTable(postgres_url, postgres_schema, TABLE, {})
    table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 10))
    rows = SQL("SELECT count(*) FROM {}").format(Identifier(postgres_schema, TABLE))
    with psycopg.connect(postgres_url) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("SELECT 1")
        table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 20))
        assert reader.execute(rows).fetchone() == (20,)
        reader.rollback()
        assert reader.execute(rows).fetchone() == (20,)
        loader = Thread(target=table.replace_month, args=(JANUARY, month_files(tmp_path, JANUARY, 30)))
        loader.start()
        assert reader.execute(rows).fetchone() == (20,)
        reader.rollback()
        loader.join()
    assert table.count(JANUARY) == 30


@contextmanager
def _losing_the_answer_to_the_commit(url: str) -> Iterator[str]:
    """A URL that leads to the server of `url`, over a line that breaks before the answer to the swap's COMMIT."""
    given = conninfo_to_dict(url)
    host, port = str(given.get("host", "")), int(given.get("port") or 5432)
    if not host or host.startswith("/"):
        pytest.skip("TAXI_POSTGRES_URL names no host: no line to break")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_serve, args=(listener, host, port), daemon=True).start()
        yield make_conninfo(url, host="127.0.0.1", port=listener.getsockname()[1], sslmode="disable")


def _serve(listener: socket.socket, host: str, port: int) -> None:
    with suppress(OSError):  # the test is over
        client, _ = listener.accept()
        with client, socket.create_connection((host, port)) as server:
            back = Thread(target=_pass_on, args=(server, client), daemon=True)
            back.start()
            attached = False
            while data := client.recv(1 << 16):
                attached |= b"ATTACH PARTITION" in data
                if attached and b"COMMIT" in data:
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(data)
                    server.recv(1 << 16)
                    return
                server.sendall(data)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # the other end is gone
        while data := source.recv(1 << 16):
            target.sendall(data)
