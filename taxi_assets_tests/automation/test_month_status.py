"""The status of a month, given its published file and its record, and the summary of many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from taxi_assets.automation.month_status import (
    RETRY_HOURS,
    TIME_LIMIT_SECONDS,
    TO_LOAD,
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


def requested(*identities: str, at: float = 0.0) -> tuple[RequestedRun, ...]:
    """Runs requested because of these files, newest first."""
    return tuple(RequestedRun(identity, f"run{number}", at) for number, identity in enumerate(identities))


def status(file: FileVersion | None, record: MonthRecord, now: float = 0.0) -> Status:
    return decide(MONTH, file, record, now).status


# One month


def test_a_published_month_that_was_never_loaded_is_to_be_loaded() -> None:
    assert status(FIRST, MonthRecord()) is Status.NEW
    assert Status.NEW in TO_LOAD


def test_a_loaded_month_is_left_alone_while_its_file_is_the_same() -> None:
    assert status(FIRST, LOADED) is Status.UNCHANGED
    assert decide(MONTH, FIRST, LOADED, 0.0).status not in TO_LOAD


def test_a_replaced_file_is_to_be_loaded_wherever_it_is_now() -> None:
    assert status(SECOND, LOADED) is Status.REPLACED
    assert status(FileVersion("http://mirror/march", FIRST.identity), LOADED) is Status.REPLACED
    assert Status.REPLACED in TO_LOAD


def test_a_file_seen_before_with_the_content_that_is_loaded_is_unchanged() -> None:
    assert status(FIRST, replace(LOADED, files=(SECOND, FIRST))) is Status.UNCHANGED


def test_a_month_that_did_not_reach_all_tables_is_to_be_loaded_though_its_file_is_the_same() -> None:
    assert status(FIRST, replace(LOADED, complete=False)) is Status.INCOMPLETE
    assert Status.INCOMPLETE in TO_LOAD


def test_a_month_that_is_not_there_is_not_published_or_no_longer() -> None:
    assert status(None, MonthRecord()) is Status.ABSENT
    assert status(None, LOADED) is Status.WITHDRAWN
    assert not {Status.ABSENT, Status.WITHDRAWN} & TO_LOAD


def test_the_publisher_is_not_asked_for_a_month_that_a_run_is_working_on() -> None:
    report = check_months([MONTH], lambda _: MonthRecord(busy=True), not_to_be_called)
    assert [each.status for each in report.checked] == [Status.BUSY]
    assert not report.to_load
    assert not report.failed


def not_to_be_called(_month: Month, _known: FileVersion | None) -> FileVersion:
    raise AssertionError


# Failed runs


def test_after_a_failed_run_the_next_is_requested_later_and_later_and_in_the_end_never() -> None:
    for failed, hours in enumerate(RETRY_HOURS, start=1):
        record = MonthRecord(requested_runs=requested(*['"a"'] * failed))
        assert status(FIRST, record, now=hours * HOUR - 1) is Status.WAITING
        assert status(FIRST, record, now=hours * HOUR) is Status.NEW
    once_more = MonthRecord(requested_runs=requested(*['"a"'] * (len(RETRY_HOURS) + 1)))
    assert status(FIRST, once_more, now=1e9) is Status.LEFT_TO_PEOPLE
    assert not {Status.WAITING, Status.LEFT_TO_PEOPLE} & TO_LOAD


def test_another_file_is_requested_at_once_however_many_runs_failed() -> None:
    assert status(SECOND, MonthRecord(requested_runs=requested(*['"a"'] * 9))) is Status.NEW


def test_a_cancelled_run_is_not_requested_again() -> None:
    cancelled = RequestedRun('"a"', "run", 0.0, cancelled=True)
    assert status(FIRST, MonthRecord(requested_runs=(cancelled,)), now=1e9) is Status.LEFT_TO_PEOPLE
    assert status(SECOND, MonthRecord(requested_runs=(cancelled,))) is Status.NEW


def test_every_time_a_file_is_requested_it_has_another_run_key() -> None:
    """Also a file that was replaced and has come back; but two ticks before a run begins have the same."""
    first = decide(MONTH, FIRST, MonthRecord(), 0.0).run_key
    assert first == '2026-03:"a"'
    assert decide(MONTH, FIRST, MonthRecord(), 0.0).run_key == first
    retried = decide(MONTH, FIRST, MonthRecord(requested_runs=requested('"a"')), 1e9).run_key
    back = MonthRecord(files=(SECOND,), complete=True, requested_runs=requested('"b"', '"a"'))
    keys = {first, retried, decide(MONTH, SECOND, LOADED, 0.0).run_key, decide(MONTH, FIRST, back, 0.0).run_key}
    assert len(keys) == 4


# Many months


def ticking(step: float) -> Callable[[], float]:
    times: Iterator[float] = (number * step for number in range(1000))
    return lambda: next(times)


def test_the_publisher_is_asked_with_the_version_that_is_known() -> None:
    questions: list[tuple[Month, FileVersion | None]] = []

    def probe(month: Month, known: FileVersion | None) -> FileVersion | None:
        questions.append((month, known))
        return known

    records = {MONTH: LOADED, MONTH + 1: MonthRecord()}
    check_months([*records], records.__getitem__, probe)
    assert questions == [(MONTH, FIRST), (MONTH + 1, None)]


def test_a_month_that_cannot_be_checked_does_not_keep_the_others_from_being_checked() -> None:
    def probe(month: Month, known: FileVersion | None) -> FileVersion:
        if month == MONTH:
            raise TransientError("503")
        return FIRST

    report = check_months([MONTH, MONTH + 1], lambda _: MonthRecord(), probe)
    assert [each.month for each in report.to_load] == [MONTH + 1]
    assert "1 could not be looked at (2026-03): 503 Try again later." in report.summary()
    assert not report.failed


@pytest.mark.parametrize("error", [TransientError("no answer"), TaxiError("401"), BlockedError("403")])
def test_a_check_that_cannot_reach_the_publisher_at_all_has_failed(error: TaxiError) -> None:
    def probe(month: Month, known: FileVersion | None) -> FileVersion:
        raise error

    assert check_months([MONTH, MONTH + 1], lambda _: MonthRecord(), probe).failed
    assert not check_months([], lambda _: MonthRecord(), probe).failed


def test_a_publisher_that_refuses_us_is_not_asked_again() -> None:
    asked_for: list[Month] = []

    def probe(month: Month, known: FileVersion | None) -> FileVersion:
        asked_for.append(month)
        raise BlockedError("refused")

    report = check_months([MONTH, MONTH + 1, MONTH + 2], lambda _: MonthRecord(), probe)
    assert asked_for == [MONTH]
    assert report.unreached == (MONTH + 1, MONTH + 2)
    assert "not reached: 2026-04, 2026-05" in report.summary()


def test_when_time_is_up_the_months_left_are_named() -> None:
    # The clock is read once before, and twice for each month.
    clock = ticking(TIME_LIMIT_SECONDS / 4)
    report = check_months([MONTH + number for number in range(9)], lambda _: MonthRecord(), lambda *_: FIRST, clock)
    assert 0 < len(report.checked) < 9
    assert len(report.checked) + len(report.unreached) == 9


def test_the_summary_counts_and_names_the_months_of_each_status() -> None:
    files = {MONTH: FIRST, MONTH + 1: FIRST, MONTH + 2: None}
    report = check_months(
        [*files], lambda month: LOADED if files[month] else MonthRecord(), lambda month, _: files[month]
    )
    expected = "Looked at 3 months; 2 unchanged (2026-03, 2026-04); 1 not published yet (2026-05)"
    assert report.summary() == expected
    assert MonthStatus(MONTH, Status.ABSENT).run_key == "2026-03"
