"""Which months `dagster job execute` is refused for; test_command_line has the command itself."""

from __future__ import annotations

import json

import pytest

from taxi_assets.automation.tag_check import check_tags, fault_of


def _fault(key: object, job: str = "green_trips") -> str:
    return fault_of(job, json.dumps({"dagster/partition": key}))


def test_the_first_day_of_a_month_is_right() -> None:
    assert _fault("2021-07-01") == ""


@pytest.mark.parametrize("key", ["2021-07", "2021-7", "2021/07", "202107", "2021-7-1"])
def test_a_month_that_is_written_otherwise_is_answered_with_its_key(key: str) -> None:
    assert _fault(key).endswith(f"write 2021-07-01 instead of {key}.")


@pytest.mark.parametrize("key", ["", "yesterday", "2024-03-02", "2099-01-01", "2013-07-01"])
@pytest.mark.fault(29)
def test_what_is_no_month_of_the_dataset_is_answered_with_those_that_are(key: str) -> None:
    assert "green has the months 2013-08 to " in _fault(key)


@pytest.mark.parametrize(
    ("job", "tags"),
    [("green_trips", None), ("green_trips", "{}"), ("green_trips", "no JSON"), ("green_trips", "[]"), (None, None)],
)
def test_what_is_said_elsewhere_is_not_said_here(job: str | None, tags: str | None) -> None:
    assert fault_of(job, tags) == ""
    assert _fault("yesterday", job="housekeeping") == ""


def test_definitions_that_no_command_loads_are_loaded() -> None:
    check_tags()
