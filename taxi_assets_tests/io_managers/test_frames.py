"""Dagster's own pandas IO managers keep to our turn at the local warehouse."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from dagster_duckdb_pandas import DuckDBPandasTypeHandler
from filelock import FileLock, Timeout

from taxi_assets.destinations.duckdb.file import DuckDBFile
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import checks, failure, run_month

pytestmark = pytest.mark.slow


@pytest.fixture
def no_collection() -> Iterator[None]:
    """What is open stays open until it is closed, not until Python happens to look."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_the_stock_manager_writes_and_reads_when_nobody_else_can(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []

    def watched(name: str) -> Any:
        work = getattr(DuckDBPandasTypeHandler, name)

        def watch(*arguments: Any) -> Any:
            try:
                FileLock(f"{settings.warehouse}.lock").acquire(timeout=0.05)
            except Timeout:
                taken.append(name)
            return work(*arguments)

        return watch

    for name in ("handle_output", "load_input"):
        monkeypatch.setattr(DuckDBPandasTypeHandler, name, watched(name))
    assert checks(run_month(settings, "green", "2020-04"))["daily_trips adds_up_to_bq_table"].passed
    assert taken == ["handle_output", "load_input"]


@pytest.mark.usefixtures("no_collection")
def test_what_goes_wrong_in_the_stock_manager_names_dataset_and_month_and_a_rerun_mends_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_month(settings, "green", "2020-04")

    def fail(*_: Any) -> None:
        raise ValueError("no such frame")

    with monkeypatch.context() as patches:
        patches.setattr(DuckDBPandasTypeHandler, "handle_output", fail)
        result = run_month(settings, "green", "2020-04", raises=False)
    with DuckDBFile(settings.warehouse).connected(read_only=False):
        pass  # no connection stayed open, though `result` holds on to the error
    text = failure(result, "daily_trips")
    assert "green 2020-04, daily_trips: The step met an error that nobody foresaw: ValueError: no such frame" in text
    assert checks(run_month(settings, "green", "2020-04"))["daily_trips adds_up_to_bq_table"].passed


@pytest.mark.fault(17)
def test_a_write_that_breaks_between_delete_and_insert_leaves_the_days_that_were_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_month(settings, "green", "2020-04")
    before = _days(settings)

    def fail(*_: Any) -> None:
        raise ValueError("no such frame")

    monkeypatch.setattr(DuckDBPandasTypeHandler, "handle_output", fail)
    assert not run_month(settings, "green", "2020-04", raises=False).success
    assert _days(settings) == before
    assert len(before) > 30


def _days(settings: Settings) -> list[Any]:
    with DuckDBFile(settings.warehouse).connected() as connection:
        return connection.execute("SELECT * FROM trips_data_all.daily_trips ORDER BY ALL").fetchall()
