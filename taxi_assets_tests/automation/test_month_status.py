"""What a month's file and its record call for, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from taxi_assets.automation.month_status import (
    RETRY_HOURS,
    TIME_LIMIT_SECONDS,
    WANTED,
    MonthRecord,
    MonthStatus,
    RequestedRun,
    Status,
    check_months,
    decide,
)
from taxi_assets.errors import BlockedError, TaxiError
from taxi_assets.model.months import Month
from taxi_assets.publishers.file_version import FileVersion
from taxi_assets.publishers.http import TransientError

MONTH = Month(2026, 3)
FIRST, SECOND = FileVersion("http://tlc/march", '"a"'), FileVersion("http://tlc/march", '"b"')
LOADED = MonthRecord(files=(FIRST,), complete=True)
HOUR = 3600.0


def asked(*identities: str, at: float = 0.0) -> tuple[RequestedRun, ...]:
    """Runs asked for because of these files, the newest first."""
    return tuple(RequestedRun(identity, f"run{number}", at) for number, identity in enumerate(identities))


def news(seen: FileVersion | None, record: MonthRecord, now: float = 0.0) -> Status:
    return decide(MONTH, seen, record, now).news


# One month


def test_a_published_month_that_was_never_loaded_is_wanted() -> None:
    assert news(FIRST, MonthRecord()) is Status.NEW
    assert Status.NEW in WANTED


def test_a_loaded_month_is_left_alone_while_its_file_is_the_same() -> None:
    assert news(FIRST, LOADED) is Status.UNCHANGED
    assert decide(MONTH, FIRST, LOADED, 0.0).news not in WANTED


def test_a_replaced_file_is_wanted_wherever_it_is_now() -> None:
    assert news(SECOND, LOADED) is Status.REPLACED
    assert news(FileVersion("http://mirror/march", FIRST.identity), LOADED) is Status.REPLACED
    assert Status.REPLACED in WANTED


def test_a_file_seen_before_with_the_content_that_is_loaded_is_unchanged() -> None:
    assert news(FIRST, replace(LOADED, files=(SECOND, FIRST))) is Status.UNCHANGED


def test_a_month_that_did_not_reach_all_tables_is_wanted_though_its_file_is_the_same() -> None:
    assert news(FIRST, replace(LOADED, complete=False)) is Status.UNFINISHED
    assert Status.UNFINISHED in WANTED


def test_a_month_that_is_not_there_is_not_published_or_no_longer() -> None:
    assert news(None, MonthRecord()) is Status.ABSENT
    assert news(None, LOADED) is Status.WITHDRAWN
    assert not {Status.ABSENT, Status.WITHDRAWN} & WANTED


def test_a_month_that_a_run_is_at_work_on_is_not_even_looked_at() -> None:
    seen = check_months([MONTH], lambda _: MonthRecord(busy=True), not_to_be_called)
    assert [finding.news for finding in seen.findings] == [Status.BUSY]
    assert not seen.wanted
    assert not seen.blind


def not_to_be_called(_month: Month, _known: FileVersion | None) -> FileVersion:
    raise AssertionError


# Runs in vain


def test_after_a_run_in_vain_the_next_is_asked_for_later_and_later_and_in_the_end_never() -> None:
    for failed, hours in enumerate(RETRY_HOURS, start=1):
        record = MonthRecord(asks=asked(*['"a"'] * failed))
        assert news(FIRST, record, now=hours * HOUR - 1) is Status.WAITING
        assert news(FIRST, record, now=hours * HOUR) is Status.NEW
    assert news(FIRST, MonthRecord(asks=asked(*['"a"'] * (len(RETRY_HOURS) + 1))), now=1e9) is Status.LEFT
    assert not {Status.WAITING, Status.LEFT} & WANTED


def test_another_file_is_asked_for_at_once_however_many_runs_were_in_vain() -> None:
    assert news(SECOND, MonthRecord(asks=asked(*['"a"'] * 9))) is Status.NEW


def test_a_cancelled_run_is_not_asked_for_again() -> None:
    cancelled = RequestedRun('"a"', "run", 0.0, cancelled=True)
    assert news(FIRST, MonthRecord(asks=(cancelled,)), now=1e9) is Status.LEFT
    assert news(SECOND, MonthRecord(asks=(cancelled,))) is Status.NEW


def test_every_time_a_file_is_asked_for_it_has_another_run_key() -> None:
    """Also a file that was replaced and has come back; but two ticks before a run begins have the same."""
    first = decide(MONTH, FIRST, MonthRecord(), 0.0).run_key
    assert first == '2026-03:"a"'
    assert decide(MONTH, FIRST, MonthRecord(), 0.0).run_key == first
    retried = decide(MONTH, FIRST, MonthRecord(asks=asked('"a"')), 1e9).run_key
    back = MonthRecord(files=(SECOND,), complete=True, asks=asked('"b"', '"a"'))
    keys = {first, retried, decide(MONTH, SECOND, LOADED, 0.0).run_key, decide(MONTH, FIRST, back, 0.0).run_key}
    assert len(keys) == 4


# Many months


def ticking(step: float) -> Callable[[], float]:
    times: Iterator[float] = (number * step for number in range(1000))
    return lambda: next(times)


def test_what_is_known_of_a_month_goes_along_with_the_question() -> None:
    questions: list[tuple[Month, FileVersion | None]] = []

    def sight(month: Month, known: FileVersion | None) -> FileVersion | None:
        questions.append((month, known))
        return known

    records = {MONTH: LOADED, MONTH + 1: MonthRecord()}
    check_months([*records], records.__getitem__, sight)
    assert questions == [(MONTH, FIRST), (MONTH + 1, None)]


def test_a_month_in_trouble_does_not_keep_the_others_from_being_looked_at() -> None:
    def sight(month: Month, known: FileVersion | None) -> FileVersion:
        if month == MONTH:
            raise TransientError("503")
        return FIRST

    seen = check_months([MONTH, MONTH + 1], lambda _: MonthRecord(), sight)
    assert [finding.month for finding in seen.wanted] == [MONTH + 1]
    assert "1 could not be looked at (2026-03): 503 Try again later." in seen.summary()
    assert not seen.blind


@pytest.mark.parametrize("error", [TransientError("no answer"), TaxiError("401"), BlockedError("403")])
def test_a_look_that_sees_nothing_of_the_publisher_is_blind(error: TaxiError) -> None:
    def sight(month: Month, known: FileVersion | None) -> FileVersion:
        raise error

    assert check_months([MONTH, MONTH + 1], lambda _: MonthRecord(), sight).blind
    assert not check_months([], lambda _: MonthRecord(), sight).blind


def test_one_who_refuses_us_is_not_asked_for_more() -> None:
    asked_for: list[Month] = []

    def sight(month: Month, known: FileVersion | None) -> FileVersion:
        asked_for.append(month)
        raise BlockedError("refused")

    seen = check_months([MONTH, MONTH + 1, MONTH + 2], lambda _: MonthRecord(), sight)
    assert asked_for == [MONTH]
    assert seen.unreached == (MONTH + 1, MONTH + 2)
    assert "not reached: 2026-04, 2026-05" in seen.summary()


def test_when_time_is_up_the_months_left_are_named() -> None:
    # Two looks at the clock a month, and one before all.
    clock = ticking(TIME_LIMIT_SECONDS / 4)
    seen = check_months([MONTH + number for number in range(9)], lambda _: MonthRecord(), lambda *_: FIRST, clock)
    assert 0 < len(seen.findings) < 9
    assert len(seen.findings) + len(seen.unreached) == 9


def test_the_summary_counts_the_months_and_says_what_is_so_of_which() -> None:
    sights = {MONTH: FIRST, MONTH + 1: FIRST, MONTH + 2: None}
    seen = check_months(
        [*sights], lambda month: LOADED if sights[month] else MonthRecord(), lambda month, _: sights[month]
    )
    expected = "Looked at 3 months; 2 unchanged (2026-03, 2026-04); 1 not published yet (2026-05)"
    assert seen.summary() == expected
    assert MonthStatus(MONTH, Status.ABSENT).run_key == "2026-03"
