"""The warehouse opens in the DuckDB that people have, and one of a newer format is refused with what to do."""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
import time
import zlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, asset, materialize

from taxi_assets.build import resources_for
from taxi_assets.cli.doctor.services import warehouse
from taxi_assets.destinations.duckdb import file as duckdb_file
from taxi_assets.destinations.duckdb.file import DuckDBFile
from taxi_assets.destinations.duckdb.format import FORMAT
from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import GREEN_TAXI
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import failure, rows, run_month

OLDEST_FORMAT = 64
"""By the number in a file's header; every DuckDB since 1.0 reads it."""
# An empty database that DuckDB 2.0.1 made.
NEWER = (
    "c-rmPuMR;06bInD5fpEr2@>u#f1@FoiIRF%$;>-=4q5OnrWlQ`DTF(-*_dJzzOVdtcFs;X?W||zY<$l5yQ9wFlnTBwuav@4^uFJW8_g)HPFmsTJ"
    "@s1qc%81cg?;g|+!PN10002+6T8M@ksEi1kNWoFIhjr(lSI$y0002M{|^8F0Q`+R(xf<Q"
)
READ = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
ask = lambda query: connection.execute(query).fetchone()[0]
print(json.dumps([
    duckdb.__version__,
    ask("SELECT count(*) FROM trips_data_all.green_taxi_trips"),
    ask("SELECT count(*) FROM trips_data_all.green_taxi_trips_with_zones"),
    ask("SELECT comment FROM duckdb_columns() WHERE table_name = 'green_taxi_trips' AND column_name = 'fare_amount'"),
]))
"""


@pytest.fixture
def other_duckdb() -> str:
    """A Python with another DuckDB, which TAXI_OTHER_DUCKDB names."""
    python = os.environ.get("TAXI_OTHER_DUCKDB")
    if not python:
        pytest.skip("TAXI_OTHER_DUCKDB names no Python with another release of DuckDB")
    return python


@pytest.fixture
def newer_warehouse(settings: Settings) -> Path:
    settings.home.mkdir()
    settings.warehouse.write_bytes(zlib.decompress(base64.b85decode(NEWER)))
    return settings.warehouse


def _format(path: Path) -> int:
    """The number of the format in the header of a DuckDB file, behind a checksum and the word DUCK."""
    header = path.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    return int.from_bytes(header[12:], "little")


def test_the_format_of_the_warehouse_is_one_that_duckdb_reads_since_its_first_major_release(settings: Settings) -> None:
    run_month(settings, "green", "2020-04")
    assert _format(settings.warehouse) == OLDEST_FORMAT


@pytest.mark.parametrize(("name", "number"), [(FORMAT, OLDEST_FORMAT), ("v1.2.0", 65)])
def test_a_file_that_the_stock_manager_makes_has_the_same_format(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    monkeypatch.setattr(duckdb_file, "FORMAT", name)
    assert _materialize_frame(settings).success
    assert _format(settings.warehouse) == number


def test_another_release_shows_rows_comments_and_views_of_the_warehouse(settings: Settings, other_duckdb: str) -> None:
    run_month(settings, "green", "2020-04")
    command = [other_duckdb, "-I", "-c", READ, str(settings.warehouse)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    version, trips, joined, comment = json.loads(shown.stdout)
    assert version != duckdb.__version__
    assert trips == joined > 0
    assert comment == next(column.description for column in GREEN_TAXI.columns if column.name == "fare_amount")


def test_a_warehouse_of_a_newer_format_is_refused_with_the_commands_that_convert_it(newer_warehouse: Path) -> None:
    before = newer_warehouse.read_bytes()
    with pytest.raises(TaxiError, match="was written by a newer DuckDB") as raised, _connected(newer_warehouse):
        pass
    assert not raised.value.retry
    commands = [shlex.split(line) for line in raised.value.advice.splitlines() if line.startswith("  ")]
    assert [command[0].rpartition("/")[2] for command in commands] == ["python3", "python", "python", "mv", "mv"]
    assert f"ATTACH $${newer_warehouse}$$ AS newer" in commands[2][-1]
    assert newer_warehouse.read_bytes() == before


def test_show_doctor_and_both_io_managers_say_the_same_of_it(settings: Settings, newer_warehouse: Path) -> None:
    with pytest.raises(TaxiError) as raised, _connected(newer_warehouse):
        pass
    said = str(raised.value)
    with pytest.raises(TaxiError) as of_doctor:
        warehouse(settings)
    assert str(of_doctor.value) == said
    with pytest.raises(TaxiError) as of_show:
        rows(settings, "green", "2020-04")
    assert str(of_show.value) == said
    assert said in failure(run_month(settings, "green", "2020-04", raises=False), "taxi_zones")
    started = time.monotonic()
    assert said in failure(_materialize_frame(settings), "small_table")
    assert time.monotonic() - started < 30  # Dagster's manager would try for minutes


def test_a_damaged_file_is_told_at_once(settings: Settings, newer_warehouse: Path) -> None:
    newer_warehouse.write_bytes(newer_warehouse.read_bytes()[:20].ljust(12288, b"\0"))
    with pytest.raises(TaxiError, match="DuckDB cannot open") as raised, _connected(newer_warehouse):
        pass
    assert not raised.value.retry


def test_the_check_up_leaves_a_warehouse_alone_that_is_not_there_or_in_use(settings: Settings) -> None:
    assert "will be created" in warehouse(settings).found
    assert not settings.home.exists()
    with DuckDBFile(settings.warehouse).connected(read_only=False):
        assert warehouse(settings).found.endswith("is in use")
    assert warehouse(settings).found.endswith("0 tables")


def _connected(path: Path) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    return DuckDBFile(path).connected()


def _materialize_frame(settings: Settings) -> ExecuteInProcessResult:
    """A table in the warehouse by Dagster's own IO manager."""

    @asset(io_manager_key="daily_tables")
    def small_table() -> Any:
        return pd.DataFrame({"trips": [1, 2]})

    with DagsterInstance.ephemeral() as instance:
        return materialize([small_table], instance=instance, resources=resources_for(settings), raise_on_error=False)
