"""A month in the local warehouse is replaced whole or not at all."""

from __future__ import annotations

import subprocess
import sys
import time
from os import urandom
from pathlib import Path
from threading import Thread

import duckdb
import pyarrow as pa
import pytest

from taxi_assets.destinations.duckdb import file as duckdb_file
from taxi_assets.destinations.duckdb.table import DuckDBTable
from taxi_assets.errors import TaxiError
from taxi_assets.progress import Tracker
from taxi_assets_tests.destinations.month_files import FEBRUARY, JANUARY, month_files


@pytest.fixture
def table(tmp_path: Path) -> DuckDBTable:
    docs = {"fare_amount": "The driver's fare. In US dollars."}
    return DuckDBTable(tmp_path / "warehouse.duckdb", "trips_data_all", "yellow_taxi_trips", docs, wait_seconds=0.5)


@pytest.mark.fault(17)
def test_a_load_that_is_stopped_in_the_middle_changes_nothing(
    table: DuckDBTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 100))

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(duckdb_file, "_POLL_SECONDS", 0.0)
        patch.setattr(Tracker, "update", stop)
        with pytest.raises(KeyboardInterrupt):
            table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 200_000))
    assert table.count(JANUARY) == 100


def test_types_are_those_of_the_column_table(table: DuckDBTable, tmp_path: Path) -> None:
    table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 1))
    with duckdb.connect(table.database, read_only=True) as connection:
        types = dict(connection.execute("SELECT column_name, data_type FROM duckdb_columns()").fetchall())
        query = "SELECT comment FROM duckdb_columns() WHERE column_name = 'fare_amount'"
        comments = connection.execute(query).fetchall()
    assert types["vendor_id"] == "SMALLINT"
    assert types["pickup_datetime"] == "TIMESTAMP"
    assert ("The driver's fare. In US dollars.",) in comments


def test_a_column_of_another_type_is_refused_and_nothing_changes(table: DuckDBTable, tmp_path: Path) -> None:
    table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 10))
    with duckdb.connect(table.database) as connection:
        connection.execute("ALTER TABLE trips_data_all.yellow_taxi_trips ALTER fare_amount TYPE BIGINT")
    with pytest.raises(TaxiError, match="fare_amount as BIGINT; the month holds DOUBLE"):
        table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 20))
    assert table.count(JANUARY) == 10


def test_a_load_that_fails_leaves_the_old_month(table: DuckDBTable, tmp_path: Path) -> None:
    table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 10))
    wrong = month_files(tmp_path, FEBRUARY, 20)
    with pytest.raises(TaxiError, match="took 0 of 20 rows"):
        table.replace_month(JANUARY, wrong)
    assert (table.count(JANUARY), table.count(FEBRUARY)) == (10, 0)


@pytest.mark.parametrize("memory", [2, 48])
def test_rows_are_as_wide_as_they_like(
    table: DuckDBTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int
) -> None:
    texts = pa.array([urandom(2_000).hex() for _ in range(3_000)])
    files = month_files(tmp_path, JANUARY, 3_000, {f"remark_{place}": texts for place in range(8)})
    monkeypatch.setattr(duckdb_file, "DUCKDB_MEMORY_MB", memory)
    if memory == 48:
        assert table.replace_month(JANUARY, files) == table.count(JANUARY) == 3_000
        assert table.checksums(JANUARY).columns["remark_7"][0] == 0
    else:
        with pytest.raises(TaxiError, match="more than 32 MB for the month's rows"):
            table.replace_month(JANUARY, files)
        assert table.count(JANUARY) == 0


@pytest.mark.fault(20)
def test_loaders_of_several_months_queue_for_the_file(tmp_path: Path) -> None:
    table = DuckDBTable(tmp_path / "warehouse.duckdb", "trips_data_all", "yellow_taxi_trips", {})
    months = [JANUARY + offset for offset in range(4)]
    files = [month_files(tmp_path, month, 100) for month in months]
    loaders = [Thread(target=table.replace_month, args=pair) for pair in zip(months, files, strict=True)]
    for loader in loaders:
        loader.start()
    for loader in loaders:
        loader.join()
    assert [table.count(month) for month in months] == [100] * 4


@pytest.mark.fault(37)
def test_another_program_that_holds_the_file_is_named(table: DuckDBTable, tmp_path: Path) -> None:
    file = month_files(tmp_path, JANUARY, 10)
    program = f"import duckdb, sys; c = duckdb.connect({str(table.database)!r}); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(TaxiError, match="Another program holds the warehouse") as raised:
            table.replace_month(JANUARY, file)
        holder.kill()
    assert raised.value.retry
    assert table.replace_month(JANUARY, file) == 10


def test_what_a_killed_load_spilled_to_disk_is_removed_by_the_next_one(table: DuckDBTable, tmp_path: Path) -> None:
    table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 10))
    spilled = table.database.with_name(f"{table.database.name}.tmp")
    program = """
import sys
from pathlib import Path
from taxi_assets.destinations.duckdb.file import DuckDBFile
with DuckDBFile(Path(sys.argv[1])).connected(read_only=False) as connection:
    connection.execute("SET memory_limit = '20MB'")
    rows = "SELECT hash(range) AS h, range::VARCHAR || repeat('a', 40) FROM range(100_000_000)"
    connection.execute(f"CREATE TABLE sorted AS FROM ({rows}) ORDER BY h")
"""
    with subprocess.Popen([sys.executable, "-c", program, table.database]) as load:
        while not (spilled.is_dir() and any(spilled.iterdir())):
            assert load.poll() is None
            time.sleep(0.02)
        load.kill()
    assert any(spilled.iterdir())
    assert table.count(JANUARY) == 10
    assert table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 20)) == 20
    left = {path.name for path in table.database.parent.iterdir() if path.suffix != ".parquet"}
    assert left == {table.database.name, f"{table.database.name}.lock"}
