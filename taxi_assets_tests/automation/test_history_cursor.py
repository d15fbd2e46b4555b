"""Which months a tick checks, and what a sensor remembers from tick to tick."""

from __future__ import annotations

import json

import pytest

from taxi_assets.automation.history_cursor import HISTORY_MONTHS, Cursor, months_to_check, next_loaded_months
from taxi_assets.automation.month_status import CheckReport, MonthStatus, Status
from taxi_assets.errors import BlockedError
from taxi_assets.model.months import Month

FIRST = Month(2009, 1)
FAILED = CheckReport((), ((FIRST, BlockedError("refused")),))
ANSWERED = CheckReport((MonthStatus(FIRST, Status.ABSENT),))


def months(first: Month, count: int) -> list[Month]:
    return [first + number for number in range(count)]


# History


def test_all_old_months_are_checked_in_order_and_then_again() -> None:
    loaded = months(FIRST, 10)
    cursor, checked = Cursor(), list[Month]()
    while len(checked) < 20:
        history = next_loaded_months(loaded, cursor.after)
        assert len(history) == HISTORY_MONTHS
        checked += history
        cursor = cursor.advanced(ANSWERED, history)
    assert checked[:20] == loaded * 2


def test_a_short_history_is_checked_once_a_tick() -> None:
    assert next_loaded_months(months(FIRST, 2), FIRST) == [FIRST + 1, FIRST]
    assert next_loaded_months([], FIRST) == []


def test_history_goes_on_with_the_months_that_were_not_reached() -> None:
    loaded = months(FIRST, 10)
    history = next_loaded_months(loaded, None)
    cut_short = CheckReport(ANSWERED.checked, unreached=tuple(history[1:]))
    assert Cursor().advanced(cut_short, history).after == history[0]
    assert Cursor(after=FIRST).advanced(CheckReport((), unreached=tuple(history)), history).after == FIRST


# The cursor


def test_failed_ticks_in_a_row_are_counted_until_one_succeeds() -> None:
    cursor = Cursor().advanced(FAILED, []).advanced(FAILED, [])
    assert cursor.failed_ticks == 2
    assert cursor.advanced(ANSWERED, []).failed_ticks == 0


def test_a_cursor_comes_back_as_it_was_and_stays_small() -> None:
    for cursor in (Cursor(), Cursor(Month(2021, 1), 2)):
        assert Cursor.parse(cursor.dump()) == cursor
        assert len(cursor.dump()) < 100


def test_a_cursor_that_an_earlier_version_wrote_goes_on_where_it_was() -> None:
    assert Cursor.parse('{"after": "2021-01", "blind": 2}') == Cursor(Month(2021, 1), 2)
    assert Cursor.parse('{"after": null, "blind": 0}') == Cursor()


@pytest.mark.parametrize(
    "text",
    [None, "", "2021-01", "{", "[]", "null", "{}", '{"after": 7, "blind": 0}', '{"after": "2021-13", "blind": 0}',
     '{"after": null, "blind": "many"}', '{"after": null}', '{"after": null, "failed_ticks": null}',
     json.dumps({"yellow": {"2021-01": "etag"}})],
)  # fmt: skip
def test_an_old_or_broken_cursor_is_a_new_start(text: str | None) -> None:
    assert Cursor.parse(text) == Cursor()


# Schedules


@pytest.mark.parametrize(
    ("loaded", "expected"),
    [
        ([], [5]),  # nobody has begun: the newest month, not half a year
        ([-40], [5]),  # nor is this one who keeps up
        ([3], [4, 5]),  # 4 was published later than its own tick
        ([0, 4], [5]),
        ([5], [5]),
        ([2, 3, 4, 5], [5]),
    ],
)
def test_a_schedule_checks_the_newest_month_and_those_that_came_late(loaded: list[int], expected: list[int]) -> None:
    recent = months(Month(2026, 4), 6)
    assert months_to_check(recent, [recent[0] + number for number in loaded]) == [recent[number] for number in expected]
