"""What Dagster has recorded of a month: its file, whether all tables have it, and its runs; in SQLite and Postgres."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dagster import (
    AssetMaterialization,
    DagsterInstance,
    DagsterRunStatus,
    JobDefinition,
    graph,
    op,
)

from taxi_assets.asset_keys import keys_of
from taxi_assets.automation.month_status import MonthRecord
from taxi_assets.automation.month_tag import PARTITION_TAG
from taxi_assets.automation.run_history import DATASET_TAG, FILE_TAG, RunHistory
from taxi_assets.metadata.recorded import FetchedFile, LoadedTrips
from taxi_assets.model.datasets import GREEN_TAXI, YELLOW_TAXI, Dataset
from taxi_assets.model.months import Month
from taxi_assets.publishers.file_version import FileVersion
from taxi_assets.settings import HISTORY_URL
from taxi_assets_tests.helpers.dagster_dev import ROOT
from taxi_assets_tests.helpers.deployment import empty_database

MONTH = Month(2024, 1)
URL = "http://tlc/green_tripdata_2024-01.parquet"


@pytest.fixture(scope="module")
def in_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[DagsterInstance]:
    """The instance of deploy/dagster.yaml."""
    folder = tmp_path_factory.mktemp("instance")
    with empty_database(postgres_url) as url, pytest.MonkeyPatch.context() as patches:
        patches.setenv(HISTORY_URL, url)
        patches.chdir(folder)
        with DagsterInstance.from_config(str(ROOT / "deploy")) as instance:
            yield instance


@pytest.fixture(params=["SQLite", "Postgres"])
def instance(request: pytest.FixtureRequest) -> Iterator[DagsterInstance]:
    if request.param == "SQLite":
        with DagsterInstance.ephemeral() as instance:
            yield instance
    else:
        instance = request.getfixturevalue("in_postgres")
        yield instance
        instance.wipe()


def fetched(instance: DagsterInstance, etag: str, sha256: str, month: Month = MONTH) -> None:
    """As raw_trips records it."""
    facts = FetchedFile(URL, sha256, 7, etag).to_metadata()
    instance.report_runless_asset_event(
        AssetMaterialization(keys_of(GREEN_TAXI)[0], partition=month.key, metadata=facts)
    )


def made(instance: DagsterInstance, *left_out: str, month: Month = MONTH) -> None:
    """All that comes after raw_trips, or some of it."""
    for key in keys_of(GREEN_TAXI)[1:]:
        if key.path[-1] not in left_out:
            instance.report_runless_asset_event(AssetMaterialization(key, partition=month.key))


def record(instance: DagsterInstance, dataset: Dataset = GREEN_TAXI) -> MonthRecord:
    return RunHistory(instance, dataset).month_record(MONTH)


def versions(*etags: str) -> tuple[FileVersion, ...]:
    return tuple(FileVersion(URL, etag) for etag in etags)


# Files


def test_nothing_is_recorded_of_a_month_that_never_came(instance: DagsterInstance) -> None:
    fetched(instance, '"a"', "A", MONTH + 1)
    made(instance, month=MONTH + 1)
    assert record(instance) == MonthRecord()


def test_a_loaded_month_is_complete_and_its_file_known(instance: DagsterInstance) -> None:
    fetched(instance, '"a"', "A")
    made(instance)
    assert record(instance) == MonthRecord(files=versions('"a"'), complete=True)
    assert record(instance, YELLOW_TAXI) == MonthRecord()


def test_a_month_is_not_loaded_when_only_its_file_was_fetched(instance: DagsterInstance) -> None:
    fetched(instance, '"a"', "A")
    assert record(instance) == MonthRecord(files=versions('"a"'), complete=False)
    assert RunHistory(instance, GREEN_TAXI).loaded([MONTH]) == []


def test_an_asset_that_somebody_chose_to_leave_out_is_not_missed(instance: DagsterInstance) -> None:
    fetched(instance, '"a"', "A")
    made(instance, "postgres_table")
    assert record(instance).complete
    assert RunHistory(instance, GREEN_TAXI).loaded([MONTH]) == [MONTH]


@pytest.mark.parametrize("name", [key.path[-1] for key in keys_of(GREEN_TAXI)[1:]])
def test_one_old_table_is_enough_for_a_replaced_month_not_to_be_complete(instance: DagsterInstance, name: str) -> None:
    fetched(instance, '"a"', "A")
    made(instance)
    fetched(instance, '"b"', "B")
    made(instance, name)
    assert not record(instance).complete


def test_a_try_out_is_not_the_month(instance: DagsterInstance) -> None:
    fetched(instance, '"a"', "A")
    for key in keys_of(GREEN_TAXI)[1:]:
        try_out = AssetMaterialization(key, partition=MONTH.key, metadata=LoadedTrips(first_rows=100).to_metadata())
        instance.report_runless_asset_event(try_out)
    assert not record(instance).complete
    made(instance)
    assert record(instance).complete


def test_a_new_file_that_has_not_reached_the_tables_is_not_complete(instance: DagsterInstance) -> None:
    fetched(instance, '"a"', "A")
    made(instance)
    fetched(instance, '"b"', "B")
    assert record(instance) == MonthRecord(files=versions('"b"'), complete=False)
    assert RunHistory(instance, GREEN_TAXI).loaded([MONTH, MONTH + 1]) == [MONTH]
    made(instance)
    assert record(instance).complete


def test_the_same_content_under_another_etag_leaves_the_tables_complete(instance: DagsterInstance) -> None:
    fetched(instance, '"a"', "A")
    made(instance)
    fetched(instance, '"b"', "A")
    assert record(instance) == MonthRecord(files=versions('"b"', '"a"'), complete=True)


def test_a_content_that_was_replaced_is_no_longer_known_until_it_comes_back(instance: DagsterInstance) -> None:
    for etag, sha256 in [('"a"', "A"), ('"b"', "B")]:
        fetched(instance, etag, sha256)
        made(instance)
    assert record(instance).files == versions('"b"')
    fetched(instance, '"a"', "A")
    assert record(instance) == MonthRecord(files=versions('"a"'), complete=False)


def test_a_month_that_somebody_only_reported_has_no_file(instance: DagsterInstance) -> None:
    instance.report_runless_asset_event(AssetMaterialization(keys_of(GREEN_TAXI)[0], partition=MONTH.key))
    made(instance)
    assert record(instance).files == ()


# Runs


@op
def nothing() -> None:
    pass


@graph
def green_trips() -> None:
    nothing()


@pytest.fixture
def job() -> JobDefinition:
    """A job with the name of the dataset's: these tests ask which runs there are, not what they do."""
    return green_trips.to_job()


def add_run(instance: DagsterInstance, job: JobDefinition, status: DagsterRunStatus, **tags: str) -> str:
    tags = {PARTITION_TAG: MONTH.key, **tags}
    return instance.create_run_for_job(job, status=status, tags=tags).run_id[:8]


# A run in a queue belongs to a code location; the tests with a daemon have such runs.
STATUSES = [status for status in DagsterRunStatus if status is not DagsterRunStatus.QUEUED]


@pytest.mark.parametrize("status", STATUSES)
def test_a_month_is_busy_while_a_run_of_it_has_not_ended(
    instance: DagsterInstance, job: JobDefinition, status: DagsterRunStatus
) -> None:
    add_run(instance, job, status)
    ended = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}
    assert record(instance).busy == (status not in ended)
    assert not record(instance, YELLOW_TAXI).busy
    assert not RunHistory(instance, GREEN_TAXI).month_record(MONTH + 1).busy


def test_runs_requested_because_of_a_file_are_known_newest_first(instance: DagsterInstance, job: JobDefinition) -> None:
    ours = {DATASET_TAG: "green"}
    first = add_run(instance, job, DagsterRunStatus.FAILURE, **ours, **{FILE_TAG: '"a"'})
    second = add_run(instance, job, DagsterRunStatus.CANCELED, **ours, **{FILE_TAG: '"b"'})
    add_run(instance, job, DagsterRunStatus.FAILURE)
    runs = record(instance).requested_runs
    assert [(run.identity, run.short_id, run.cancelled) for run in runs] == [
        ('"b"', second, True),
        ('"a"', first, False),
    ]
    assert runs[0].at >= runs[1].at > 0
    assert record(instance, YELLOW_TAXI).requested_runs == ()
