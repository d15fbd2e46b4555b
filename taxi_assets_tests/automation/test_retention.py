"""What may be deleted from the history: whatever is, the status of every month stays the same."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxi_assets.automation.month_status import MonthRecord, RequestedRun, decide
from taxi_assets.automation.retention import (
    AssetEvent,
    Fetch,
    PastRun,
    counted_runs,
    current,
    fetching_runs,
    is_noise,
    newest,
    plan,
)
from taxi_assets.model.months import Month
from taxi_assets.publishers.file_version import FileVersion
from taxi_assets.publishers.http import Validators

MONTH = Month.parse("2020-04")
HOUR = 3600.0


def file(name: str) -> FileVersion:
    return FileVersion.of("http://publisher/file", Validators(name, None), 1)


FILES = st.sampled_from([file('"a"'), file('"b"'), file('"c"')])


@st.composite
def fetches(draw: st.DrawFn) -> list[Fetch]:
    """The fetches of a month, newest first."""
    facts = draw(st.lists(st.tuples(st.none() | FILES, st.sampled_from("AB")), max_size=12))
    return [Fetch(-place, f"run {place}", seen, sha256) for place, (seen, sha256) in enumerate(facts)]


@st.composite
def requested_runs(draw: st.DrawFn) -> list[RequestedRun]:
    """The requested runs of a month, newest first, an hour apart."""
    facts = draw(st.lists(st.tuples(FILES, st.booleans()), max_size=9))
    return [
        RequestedRun(seen.identity, f"run {place}", -place * HOUR, cancelled)
        for place, (seen, cancelled) in enumerate(facts)
    ]


@given(fetches(), st.sets(st.integers(0, 11)))
def test_whatever_else_is_deleted_the_files_of_a_month_and_since_when_they_are_here_stay(
    made: list[Fetch], others: set[int]
) -> None:
    needed = fetching_runs(made) | {f"run {place}" for place in others}
    assert current([fetch for fetch in made if fetch.run_id in needed]) == current(made)


@given(requested_runs(), st.sets(st.integers(0, 8)), FILES, st.floats(0, 20), st.booleans())
def test_whatever_else_is_deleted_a_month_is_tried_again_when_it_would_have_been_and_no_more_often(
    made: list[RequestedRun], others: set[int], seen: FileVersion, hours: float, complete: bool
) -> None:
    needed = counted_runs(made) | {f"run {place}" for place in others}

    def status(those: list[RequestedRun]) -> object:
        return decide(MONTH, seen, MonthRecord((seen,), complete, requested_runs=tuple(those)), hours * HOUR).status

    assert status([run for run in made if run.short_id in needed]) == status(made)


@given(fetches(), requested_runs())
def test_what_is_needed_of_a_month_does_not_grow_with_the_number_of_its_runs(
    made: list[Fetch], tried: list[RequestedRun]
) -> None:
    assert len(fetching_runs(made)) <= len({fetch.file for fetch in made}) + 2
    assert len(counted_runs(tried)) <= 4


@given(st.lists(st.tuples(st.integers(0, 99), st.none() | st.sampled_from("ab")), unique_by=lambda each: each[0]))
def test_the_newest_event_of_each_partition_keeps_its_run(made: list[tuple[int, str | None]]) -> None:
    events = [AssetEvent(number, f"run {number}", partition) for number, partition in made]
    last = {partition: max(number for number, of in made if of == partition) for _, partition in made}
    assert newest(events) == {f"run {number}" for number in last.values()}


RUNS = st.builds(
    PastRun, st.uuids().map(str), ended=st.none() | st.floats(0, 100), succeeded=st.booleans(), trimmed=st.booleans()
)


@given(st.lists(RUNS, unique_by=lambda run: run.run_id), st.data())
def test_a_run_at_work_or_not_old_yet_is_not_touched_and_no_needed_run_is_deleted(
    runs: list[PastRun], data: st.DataObject
) -> None:
    needed = {run.run_id for run in runs if data.draw(st.booleans())}
    done = plan(runs, needed, before=50)
    for run in (*done.delete, *done.trim):
        assert run.ended is not None
        assert run.ended < 50
    assert not needed & {run.run_id for run in done.delete}
    assert all(run.run_id in needed and run.succeeded and not run.trimmed for run in done.trim)
    rest = {*runs} - {*done.delete}
    assert not plan(rest, needed, before=50).delete


@pytest.mark.parametrize("kind", ["ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION", "STEP_START", "PIPELINE_SUCCESS"])
def test_what_a_run_made_and_when_is_no_noise(kind: str) -> None:
    assert not is_noise(kind, logging.DEBUG)


def test_a_warning_is_no_noise_and_what_else_was_logged_is() -> None:
    assert not is_noise(None, logging.WARNING)
    assert not is_noise("ENGINE_EVENT", logging.ERROR)
    assert is_noise(None, logging.INFO)
    assert is_noise("HANDLED_OUTPUT", logging.DEBUG)
