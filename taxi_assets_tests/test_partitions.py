"""Which months there are, and what happens to a run that asks for another."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from dagster import AssetKey, DagsterInstance
from hypothesis import given
from hypothesis.strategies import datetimes, timezones

from taxi_assets.build import build_definitions
from taxi_assets.model.datasets import DATASETS, YELLOW_TAXI
from taxi_assets.model.months import Month
from taxi_assets.partitions import months_of, months_until
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import failure


def test_months_begin_with_the_dataset_and_end_with_the_last_that_can_be_published() -> None:
    months = months_of(YELLOW_TAXI)
    assert months.get_first_partition_key() == "2009-01-01"
    for now, last in [
        (datetime(2026, 11, 21, tzinfo=UTC), "2026-09-01"),
        (datetime(2026, 11, 1, tzinfo=UTC), "2026-09-01"),
        (datetime(2026, 10, 31, tzinfo=UTC), "2026-08-01"),
    ]:
        keys = months.get_partition_keys(current_time=now)
        assert keys[-1] == last


@given(datetimes(datetime(2009, 6, 1), datetime(2040, 1, 1), timezones=timezones()))  # noqa: DTZ001 any zone
def test_at_any_moment_in_any_zone_the_newest_month_is_the_one_before_the_last_by_utc(now: datetime) -> None:
    by_utc = now.astimezone(UTC)
    months = months_until(YELLOW_TAXI, now)
    assert months == [YELLOW_TAXI.first_month + number for number in range(len(months))]
    assert months[-1] == Month(by_utc.year, by_utc.month) + -2


def _run(settings: Settings, key: str | None, asset: str) -> str:
    """Runs one asset of green with this partition key; returns what its failure says."""
    job = build_definitions(settings).resolve_job_def("green_trips")
    tags = {"dagster/partition": key} if key else {}
    with DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            tags=tags, instance=instance, raise_on_error=False, asset_selection=[AssetKey(["green", asset])]
        )
    assert not result.success
    return failure(result, asset)


@pytest.mark.parametrize(
    ("key", "asset"),
    [
        ("2024-03-02", "raw_trips"),
        ("2024-03-02", "postgres_table"),
        ("2099-01-01", "raw_trips"),
        ("2099-01-01", "postgres_table"),
        ("2013-07-01", "raw_trips"),
    ],
)
@pytest.mark.fault(29)
def test_a_run_for_a_month_that_is_none_is_refused_before_any_io(settings: Settings, key: str, asset: str) -> None:
    said = _run(settings, key, asset)
    assert f"{key!r} is no month of green" in said
    assert "first days of months from 2013-08-01" in said
    assert not settings.home.exists()


@pytest.mark.fault(29)
def test_a_run_without_a_month_is_told_how_to_give_one(settings: Settings) -> None:
    assert "--tags" in _run(settings, None, "raw_trips")
    assert not settings.home.exists()


def test_every_dataset_has_a_job_and_a_schedule(settings: Settings) -> None:
    repository = build_definitions(settings).get_repository_def()
    for name in DATASETS:
        assert repository.has_job(f"{name}_trips")
        assert repository.get_schedule_def(f"{name}_trips_monthly").cron_schedule == "0 6 25 * *"
