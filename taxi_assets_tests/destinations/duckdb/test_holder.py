"""Whoever has the warehouse open is named within seconds, to all who wait for it, and no wait is without an end."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from dagster import AssetKey, PythonObjectDagsterType, build_input_context

from taxi_assets import progress
from taxi_assets.cli import show
from taxi_assets.cli.doctor import services
from taxi_assets.destinations.duckdb import file as duckdb_file
from taxi_assets.destinations.duckdb.file import DuckDBFile
from taxi_assets.destinations.duckdb.holder import HeldError, holder_of
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.io_managers.duckdb import DuckDBWarehouse
from taxi_assets.model.datasets import GREEN_TAXI
from taxi_assets.model.months import Month
from taxi_assets.progress import report_progress
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import failure, run_month

SHELL = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reads")
print("open", flush=True)
sys.stdin.read()
"""
RUN = """
import sys
from pathlib import Path
from taxi_assets.destinations.duckdb.file import DuckDBFile
with DuckDBFile(Path(sys.argv[1])).connected(read_only=False):
    print("open", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holding(path: Path, *, program: str = SHELL, does: str = "writes") -> Iterator[int]:
    """Another process that has the file open as long as the block lasts; gives its pid."""
    script = path.with_name("my_shell.py")
    script.write_text(program)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, script, path, does], stdin=pipe, stdout=pipe, text=True) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == "open\n"
        try:
            yield shell.pid
        finally:
            shell.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    duckdb.connect(path).close()
    return path


@pytest.mark.parametrize("does", ["reads", "writes"])
@pytest.mark.fault(37)
def test_a_program_that_has_the_file_open_is_named_with_what_to_close(path: Path, does: str) -> None:
    file = DuckDBFile(path, wait_seconds=0.3)
    with holding(path, does=does) as pid, pytest.raises(HeldError) as raised, file.connected(read_only=False):
        pass
    assert re.search(
        rf"Another program holds the warehouse: python\S* \S*/my_shell.py \(pid {pid}\)", str(raised.value)
    )
    assert str(path) in raised.value.cause
    assert f"kill {pid}" in raised.value.advice
    assert (raised.value.retry, raised.value.by_run) == (True, False)
    with file.connected(read_only=False) as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_a_shell_that_reads_is_not_in_the_way_of_reading(path: Path) -> None:
    with holding(path, does="reads"), DuckDBFile(path, wait_seconds=0.3).connected() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.fault(37)
def test_whom_one_waits_for_is_said_every_few_seconds_until_it_lets_go(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS", 0.5)
    said: list[str] = []
    with holding(path) as pid, report_progress(said.append, "green 2020-04, bq_table"), pytest.raises(HeldError):
        DuckDBFile(path, wait_seconds=2)._open(read_only=False)
    assert len(said) >= 2
    for line in said:
        assert line.startswith("green 2020-04, bq_table: waiting for python")
        assert f"my_shell.py (pid {pid}), which has {path} open (close it there: " in line
    assert progress.SECONDS < 10


def test_another_run_is_told_from_a_program_and_is_waited_for_longer(path: Path) -> None:
    file = DuckDBFile(path, wait_seconds=60, queue_seconds=0.3)
    with holding(path, program=RUN) as pid, pytest.raises(HeldError) as raised, file.connected():
        pass
    assert raised.value.by_run
    assert raised.value.cause.startswith("Another run uses the warehouse: a run of ours, python")
    assert f"(pid {pid})" in raised.value.cause
    assert duckdb_file.WAIT_SECONDS < duckdb_file.QUEUE_SECONDS <= 600


def test_a_connection_of_the_same_process_is_named_too(path: Path) -> None:
    with duckdb.connect(path), pytest.raises(HeldError, match="this same process") as raised:
        DuckDBFile(path, wait_seconds=0.3)._open(read_only=False)
    assert raised.value.advice.startswith("Close its other connection")


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("Could not set lock on file: Conflicting lock is held in /opt/dbeaver (PID 0). See", "in another container"),
        ("Could not set lock on file: Resource temporarily unavailable", "in another container"),
        ("Conflicting lock is held in /opt/a (b)/dbeaver (PID 999999999) by user ann", "dbeaver (pid 999999999)"),
    ],
)
def test_who_it_is_comes_from_duckdbs_message_as_far_as_it_knows(message: str, name: str) -> None:
    assert name in holder_of(duckdb.IOException(message)).name


def test_no_more_of_a_command_is_shown_than_names_the_program(path: Path) -> None:
    program = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program, "s3cret"], stdin=pipe, stdout=pipe, text=True) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        with pytest.raises(HeldError) as raised:
            DuckDBFile(path, wait_seconds=0.3)._open(read_only=False)
        shell.kill()
    assert re.search(rf": python[\d.]* \(pid {shell.pid}\) has ", raised.value.cause)
    assert "s3cret" not in str(raised.value)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits in tenths of a second in place of minutes."""
    monkeypatch.setattr(progress, "SECONDS", 0.2)
    monkeypatch.setattr(DuckDBFile.__init__, "__defaults__", (0.8, 0.8))
    monkeypatch.setattr("taxi_assets.destinations.duckdb.table.DuckDBTable.__init__.__defaults__", (0.8,))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("does", ["reads", "writes"])
@pytest.mark.fault(37)
def test_doctor_and_show_name_the_program_that_has_the_warehouse_open(
    settings: Settings, capsys: pytest.CaptureFixture[str], does: str
) -> None:
    settings.home.mkdir()
    duckdb.connect(settings.warehouse).close()
    with holding(settings.warehouse, does=does) as pid:
        found = services.warehouse(settings)
        shown = show.report(settings, GREEN_TAXI, Month(2020, 4))
    assert found.state == "warning"
    assert f"(pid {pid})" in found.found
    assert f"kill {pid}" in found.advice
    if does == "writes":
        [line] = [line for line in shown.splitlines() if line.lstrip().startswith("warehouse")]
        assert "not known" in line
        assert f"(pid {pid})" in line
        assert f"(pid {pid})" in capsys.readouterr().err
    assert [line.split()[0] for line in shown.splitlines()[3:]] == [
        *("published", "clean", "quarantine", "bucket", "warehouse", "Postgres")
    ]


@pytest.mark.usefixtures("impatient")
def test_doctor_finds_a_run_that_loads_in_order(settings: Settings) -> None:
    settings.home.mkdir()
    with holding(settings.warehouse, program=RUN):
        found = services.warehouse(settings)
    assert (found.state, found.found) == ("ok", f"{settings.warehouse} is in use")


@pytest.mark.usefixtures("impatient")
def test_a_check_that_asks_the_warehouse_later_says_so_too(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    warehouse = DuckDBWarehouse(database=str(path), schema_name="trips_data_all")
    context = build_input_context(
        asset_key=AssetKey(["green", "bq_table"]),
        partition_key="2020-04-01",
        dagster_type=PythonObjectDagsterType(WarehouseMonth),
    )
    month = warehouse.load_input(context)
    assert isinstance(month, WarehouseMonth)
    with holding(path) as pid, pytest.raises(HeldError):
        month.query("SELECT count(*) FROM trips")
    said = capfd.readouterr().err
    assert "green 2020-04, bq_table: waiting for python" in said
    assert f"(pid {pid})" in said


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
@pytest.mark.fault(37)
def test_a_run_says_in_its_log_whom_it_waits_for_and_then_fails_in_clear_words(
    settings: Settings, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taxi_assets.assets.common.RETRIES", None)
    run_month(settings, "green", "2020-04")
    for asset, does in (("bq_table", "writes"), ("daily_trips", "reads"), ("trips_with_zones", "writes")):
        capfd.readouterr()
        with holding(settings.warehouse, does=does) as pid:
            result = run_month(settings, "green", "2020-04", assets=[asset], raises=False)
        said = failure(result, asset)
        assert f"green 2020-04, {asset}: Another program holds the warehouse: python" in said
        assert f"(pid {pid})" in said
        assert said.rstrip().endswith("A retry may help.")
        assert f"green 2020-04, {asset}: waiting for python" in capfd.readouterr().err
