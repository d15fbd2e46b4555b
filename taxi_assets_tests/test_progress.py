"""Long work says now and then how far it is, in the log of its run; short work says nothing."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from dagster import AssetKey, DagsterInstance

from taxi_assets import progress
from taxi_assets.build import build_definitions
from taxi_assets.destinations.duckdb import file as duckdb_file
from taxi_assets.model.datasets import DATASETS, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.progress import Tracker, report_progress, track
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.settings import Settings
from taxi_assets_tests.servers.publisher import PublisherServer

Log = Callable[[Settings, list[str]], str]


class Clock:
    """Tells the time that a test has set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def work(self, work: Tracker, seconds: float, step: float = 1.0, rows: int = 0, size: int = 0) -> None:
        """Works for so long at so many rows and bytes a second."""
        done = 0.0
        while done < seconds:
            done += step
            self.now += step
            work.update(rows=round(done * rows), size=round(done * size))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines(clock: Clock) -> Iterator[list[str]]:
    """What is said in the test."""
    said: list[str] = []
    with report_progress(said.append, "yellow 2021-01", clock):
        yield said


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """Runs assets of green 2020-04 and gives the log of the run, with a line whenever work is looked at."""
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    monkeypatch.setattr(duckdb_file, "_POLL_SECONDS", 0.0)

    def run(settings: Settings, assets: list[str]) -> str:
        job = build_definitions(settings).resolve_job_def("green_trips")
        with DagsterInstance.ephemeral() as instance:
            keys = [AssetKey(["green", asset]) for asset in assets]
            result = job.execute_in_process(partition_key="2020-04-01", instance=instance, asset_selection=keys)
            return "\n".join(entry.user_message for entry in instance.all_logs(result.run_id))

    return run


def test_a_line_says_how_much_is_done_of_how_much_and_how_fast(clock: Clock, lines: list[str]) -> None:
    clock.work(track("reading", size=31_400_000), seconds=5, rows=100_000, size=2_000_000)
    clock.work(track("copying", rows=5_497_078), seconds=5, rows=500_000, size=80_000_000)
    clock.work(track("downloading"), seconds=5, size=1_234_567)
    assert lines == [
        "yellow 2021-01: reading, 32%, 500,000 rows, 10.0 of 31.4 MB, 100,000 rows/s, 2.0 MB/s",
        "yellow 2021-01: copying, 45%, 2,500,000 of 5,497,078 rows, 400.0 MB, 500,000 rows/s, 80.0 MB/s",
        "yellow 2021-01: downloading, 6.2 MB, 1.2 MB/s",
    ]


def test_work_that_cannot_be_counted_says_how_long_it_has_taken(clock: Clock, lines: list[str]) -> None:
    clock.work(track("BigQuery is loading"), seconds=10)
    assert lines == ["yellow 2021-01: BigQuery is loading, 5 s", "yellow 2021-01: BigQuery is loading, 10 s"]


def test_work_of_less_than_five_seconds_says_nothing(clock: Clock, lines: list[str]) -> None:
    for _ in range(10):
        clock.work(track("reading"), seconds=4, rows=1_000_000)
    assert lines == []


@pytest.mark.parametrize("step", [0.001, 0.7, 4.0, 30.0])
def test_there_is_no_more_than_one_line_in_five_seconds(clock: Clock, step: float) -> None:
    times: list[float] = []
    with report_progress(lambda _: times.append(clock.now), "yellow 2021-01", clock):
        clock.work(track("reading"), seconds=60, step=step, rows=1000)
    assert len(times) >= 2
    assert min(later - earlier for earlier, later in zip([1000.0, *times], times, strict=False)) >= 5


def test_the_speed_is_that_since_the_last_line(clock: Clock, lines: list[str]) -> None:
    work = track("downloading")
    clock.work(work, seconds=5, size=10_000_000)
    clock.now += 20  # nothing arrives
    work.update(size=51_000_000)
    assert [line.rpartition(" ")[0].split()[-1] for line in lines] == ["10.0", "0.1"]


def test_more_than_was_announced_is_not_more_than_all(clock: Clock, lines: list[str]) -> None:
    clock.work(track("reading", rows=100), seconds=5, rows=100)
    assert lines == ["yellow 2021-01: reading, 100%, 500 of 100 rows, 100 rows/s"]


def test_lines_go_to_the_innermost_who_listens(clock: Clock, lines: list[str]) -> None:
    with report_progress(lambda _: None, "inner", clock):
        clock.work(track("reading"), seconds=60, rows=1000)
    assert lines == []
    clock.work(track("reading"), seconds=5, rows=1000)
    assert len(lines) == 1


def test_a_slow_download_is_seen_in_the_log_of_its_run(settings: Settings, tmp_path: Path, log: Log) -> None:
    path = tmp_path / "site" / "green" / "green_tripdata_2020-04.csv.gz"
    path.parent.mkdir(parents=True)
    write_sample(DATASETS["green"], Month(2020, 4), path, rows=20_000, file_format="csv.gz")
    size = path.stat().st_size
    with PublisherServer(tmp_path / "site", missing_status=404) as publisher:
        publisher.drip("green_tripdata_2020-04", bytes_per_second=size // 2)
        said = log(dataclasses.replace(settings, publisher=publisher.url), ["raw_trips"])
    shares = re.findall(rf"green 2020-04, raw_trips: downloading, (\d+)%, .* of {size / 1e6:,.1f} MB", said)
    assert len(shares) > 2
    assert shares[-1] == "100"


@pytest.mark.parametrize("file_format", get_args(FileFormat))
def test_every_step_that_moves_rows_says_so(settings: Settings, log: Log, file_format: FileFormat) -> None:
    settings = dataclasses.replace(settings, sample_format=file_format, sample_rows=40_000)
    said = log(settings, ["raw_trips", "clean_trips", "gcs_parquet", "bq_table", "postgres_table"])
    for asset, doing in (("clean_trips", "reading"), ("postgres_table", "copying"), ("bq_table", "loading")):
        assert f"green 2020-04, {asset}: {doing}, " in said
    assert f"reading, 100%, 40,000 {'of 40,000 ' if file_format == 'parquet' else ''}rows" in said
