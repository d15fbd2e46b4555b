"""What is read back from materializations: it comes back as it was written, and nothing else is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetMaterialization, AssetRecordsFilter, DagsterInstance, EventLogEntry
from dagster._core.storage.event_log import InMemoryEventLogStorage
from hypothesis import given
from hypothesis import strategies as st

from taxi_assets.asset_keys import DAILY_TRIPS, TRIPS_WITH_ZONES, key_of
from taxi_assets.automation.run_history import RunHistory
from taxi_assets.build import build_definitions
from taxi_assets.metadata.recorded import FetchedFile, LoadedTrips
from taxi_assets.model.datasets import GREEN_TAXI
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.published_files import Folder, recent
from taxi_assets_tests.helpers.sensor_harness import SensorHarness

FILE_KEYS = {"url", "bytes", "sha256", "etag", "last_modified"}
TRIPS_KEYS = {"publisher", "dagster/partition_row_count", "first_rows"}
"""As they are written in the histories of running instances."""
WORDS = st.text(min_size=1)
FILES = st.builds(
    FetchedFile,
    url=WORDS | WORDS.map("https://publisher/{}".format),
    sha256=WORDS,
    size=st.integers(0, 2**40),
    etag=st.none() | WORDS,
    last_modified=st.none() | WORDS,
)
NUMBERS = st.none() | st.integers(0, 2**40)
TRIPS = st.builds(LoadedTrips, publisher=st.none() | st.text(), rows=NUMBERS, first_rows=NUMBERS)
WHOLE, TRY_OUT, REPLACED, BROKEN = (recent("green", back) for back in range(4))


def recorded(metadata: dict[str, Any]) -> AssetMaterialization:
    return AssetMaterialization("asset", metadata=metadata)


@given(FILES)
def test_a_fetched_file_comes_back_as_it_was_written(file: FetchedFile) -> None:
    assert set(file.to_metadata()) == FILE_KEYS
    assert FetchedFile.from_materialization(recorded(file.to_metadata())) == file


@given(TRIPS)
def test_loaded_trips_come_back_as_they_were_written(trips: LoadedTrips) -> None:
    assert set(trips.to_metadata()) <= TRIPS_KEYS
    assert LoadedTrips.from_materialization(recorded(trips.to_metadata())) == trips


def test_what_an_asset_and_its_io_manager_write_is_read_as_one() -> None:
    written = {**LoadedTrips("tlc", first_rows=100).to_metadata(), **LoadedTrips(rows=99).to_metadata()}
    assert set(written) == TRIPS_KEYS
    assert LoadedTrips.from_materialization(recorded(written)) == LoadedTrips("tlc", 99, 100)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"url": "http://publisher/file"},
        {"url": "", "sha256": "A", "bytes": 7},
        {"url": "http://publisher/file", "sha256": "A", "bytes": "seven"},
    ],
)
def test_a_materialization_that_somebody_reported_otherwise_has_no_file(metadata: dict[str, Any]) -> None:
    assert FetchedFile.from_materialization(recorded(metadata)) is None
    assert FetchedFile.from_materialization(None) is None
    assert LoadedTrips.from_materialization(None) == LoadedTrips()


@pytest.mark.slow
def test_sensors_and_marts_conclude_the_same_without_all_other_metadata(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder.at(tmp_path / "site")
    with history_of_four_months(settings, folder) as harness:
        expected = conclusions(harness)
    assert expected["complete"] == {WHOLE: True, TRY_OUT: False, REPLACED: True, BROKEN: False}
    assert expected["versions"] == {WHOLE: 1, TRY_OUT: 1, REPLACED: 1, BROKEN: 0}
    assert expected["marts"][DAILY_TRIPS, TRY_OUT].first_rows == 100
    assert expected["marts"][TRIPS_WITH_ZONES, WHOLE].publisher == "mirror"

    store_event: Callable[[InMemoryEventLogStorage, EventLogEntry], None] = InMemoryEventLogStorage.store_event
    renamed = set[str]()

    def store_with_other_keys_renamed(storage: InMemoryEventLogStorage, event: EventLogEntry) -> None:
        if event.asset_materialization:
            metadata = event.asset_materialization.metadata
            assert isinstance(metadata, dict)
            for key in metadata.keys() - FILE_KEYS - TRIPS_KEYS:
                metadata[f"renamed/{key}"] = metadata.pop(key)
                renamed.add(key)
        store_event(storage, event)

    monkeypatch.setattr(InMemoryEventLogStorage, "store_event", store_with_other_keys_renamed)
    with history_of_four_months(settings, folder) as harness:
        assert conclusions(harness) == expected
    assert {"unchanged", "try_out", "raw_rows", "preview", "dagster/column_lineage"} <= renamed


@contextmanager
def history_of_four_months(settings: Settings, folder: Folder) -> Iterator[SensorHarness]:
    """A month that was loaded, one loaded as a try-out, one that was replaced, and one whose file cannot be read."""
    settings = replace(settings, publisher=folder.root.as_uri())
    for month in (WHOLE, TRY_OUT, REPLACED):
        folder.publish("green", month, rows=300)
    folder.path("green", BROKEN).write_bytes(b"no Parquet at all")
    with DagsterInstance.ephemeral() as instance:
        harness = SensorHarness(settings, build_definitions(settings), instance)
        requests = {request.partition_key: request for request in harness.tick().run_requests or []}
        assert not harness.run(requests[BROKEN.key])
        harness.load(WHOLE)
        harness.load(TRY_OUT, run_config={"ops": {"green__clean_trips": {"config": {"first_rows": 100}}}})
        harness.load(REPLACED)
        folder.publish("green", REPLACED, rows=400)
        assert harness.requested_months() == [TRY_OUT, REPLACED]
        harness.load(REPLACED)
        yield harness


def conclusions(harness: SensorHarness) -> dict[str, Any]:
    """What the sensor concludes of the four months, and what their marts record of the trips they are made from."""
    history = RunHistory(harness.instance, GREEN_TAXI)
    records = {month: history.month_record(month) for month in (WHOLE, TRY_OUT, REPLACED, BROKEN)}
    return {
        "requested": [
            (request.partition_key, request.tags["taxi/why"]) for request in harness.tick().run_requests or []
        ],
        "complete": {month: record.complete for month, record in records.items()},
        "versions": {month: len(record.files) for month, record in records.items()},
        "attempts": {month: len(record.requested_runs) for month, record in records.items()},
        "marts": {
            (mart, month): LoadedTrips.from_materialization(last_materialization(harness.instance, mart, month))
            for mart in (DAILY_TRIPS, TRIPS_WITH_ZONES)
            for month in (WHOLE, TRY_OUT, REPLACED)
        },
    }


def last_materialization(instance: DagsterInstance, mart: str, month: Month) -> AssetMaterialization | None:
    of_month = AssetRecordsFilter(key_of(GREEN_TAXI, mart), asset_partitions=[month.key])
    [record] = instance.fetch_materializations(of_month, limit=1).records
    return record.asset_materialization
