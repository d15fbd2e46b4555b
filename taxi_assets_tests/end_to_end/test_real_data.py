"""TLC's real files, complete months of both publications, against the published row counts.

Read from the folder that TAXI_REAL_DATA names, laid out as the publishers lay it out; skipped without it.
"""

from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taxi_assets.atomic_files import sha256
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.datasets import DATASETS, GREEN_TAXI, YELLOW_TAXI, Dataset
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets.transform.cleaning import CleanedMonth, Tally
from taxi_assets.transform.column_mapping import map_columns
from taxi_assets.transform.reading import read_month
from taxi_assets.transform.rules import Profile
from taxi_assets_tests.helpers.run_month import checks, rows, run_month
from taxi_assets_tests.servers.publisher import PublisherServer

pytestmark = pytest.mark.slow

# Month, publisher's folder, published rows, rows picked up outside the month.
PUBLISHED = [
    ("2020-03", "datatalks", 223_406, 22),
    ("2020-04", "datatalks", 35_612, 6),
    ("2020-05", "datatalks", 57_360, 0),
    ("2020-06", "datatalks", 63_109, 2),
    ("2020-07", "datatalks", 72_257, 6),
    ("2020-08", "datatalks", 81_063, 3),
    ("2021-01", "tlc", 76_518, 3),
    ("2023-12", "tlc", 64_215, 4),
    ("2024-01", "tlc", 56_551, 2),
    ("2024-10", "tlc", 56_147, 7),
]


@pytest.fixture(scope="module")
def mirror(real_data: Path) -> Iterator[PublisherServer]:
    with PublisherServer(real_data) as server:
        yield server


def _outside(settings: Settings, month: str) -> int:
    path = Lake(settings.home / "lake").quarantine_file(GREEN_TAXI, Month.parse(month))
    reasons = pq.read_table(path)["reasons"].to_pylist()
    return sum("pickup_outside_month" in row for row in reasons)


def _check(settings: Settings, month: str, published: int, outside: int) -> None:
    run_month(settings, "green", month)
    counts = rows(settings, "green", month)
    assert counts["published"] == published
    assert counts["clean"] + counts["quarantine"] == published
    assert counts["Postgres"] == counts["warehouse"] == counts["bucket"] == counts["clean"]
    assert _outside(settings, month) == outside


@pytest.mark.parametrize(("month", "folder", "published", "outside"), PUBLISHED)
def test_a_published_month_lands_complete_twice_with_the_same_bytes(
    settings: Settings, mirror: PublisherServer, month: str, folder: str, published: int, outside: int
) -> None:
    settings = dataclasses.replace(settings, publisher=f"{mirror.url}/{folder}")
    _check(settings, month, published, outside)
    files = {path: sha256(path) for path in settings.home.rglob("*.parquet")}
    _check(settings, month, published, outside)
    assert {path: sha256(path) for path in settings.home.rglob("*.parquet")} == files


@pytest.mark.parametrize(("month", "folder", "published", "outside"), [PUBLISHED[1], PUBLISHED[8]])
def test_a_published_month_lands_complete_through_bucket_and_bigquery(
    google_settings: Settings, mirror: PublisherServer, month: str, folder: str, published: int, outside: int
) -> None:
    settings = dataclasses.replace(google_settings, publisher=f"{mirror.url}/{folder}")
    for _ in range(2):
        _check(settings, month, published, outside)


def test_an_unchanged_month_is_asked_for_and_not_fetched_again(settings: Settings, mirror: PublisherServer) -> None:
    settings = dataclasses.replace(settings, publisher=f"{mirror.url}/tlc")
    run_month(settings, "green", "2024-10", assets=["raw_trips"])
    mirror.clear()
    run_month(settings, "green", "2024-10", assets=["raw_trips"])
    assert [request.status for request in mirror.requests()] == [304]


def test_a_folder_can_stand_in_for_the_publisher(settings: Settings, real_data: Path) -> None:
    settings = dataclasses.replace(settings, publisher=(real_data / "tlc").as_uri())
    _check(settings, "2021-02", 64_572, 2)


def _tally(path: Path, dataset: Dataset, month: str, profile: Profile = Profile.DEFAULT) -> Tally:
    """Cleans a file without storing anything, and counts its rows."""
    stream = read_month(path, "parquet" if path.suffix == ".parquet" else "csv.gz", dataset.published_columns)
    cleaned = CleanedMonth(dataset, Month.parse(month), path.name, stream, profile)
    for _ in cleaned:
        pass
    assert cleaned.tally.raw == cleaned.tally.clean + cleaned.tally.quarantined + cleaned.tally.duplicates
    return cleaned.tally


def _packed(path: Path, folder: Path) -> Path:
    """Packs a plain CSV as the csv.gz that publishers serve."""
    packed = folder / f"{path.name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


def test_the_heads_of_all_csv_files_tlc_published_are_read_and_no_column_is_lost(
    real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    eras: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    unreadable = 0
    for path in sorted((real_data / "csv_heads").glob("*.csv")):
        dataset = DATASETS[path.name.partition("_")[0]]
        stream = read_month(_packed(path, tmp_path), "csv.gz", dataset.published_columns)
        assert stream.unknown == ()
        batches = list(stream.batches)
        lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
        assert sum(batch.num_rows for batch in batches) == len(lines) - 1
        cut = [row for batch in batches for row in batch["published_text"].to_pylist() if row is not None]
        assert cut in ([], [lines[-1].decode()])
        unreadable += len(cut)
        header = tuple(name.strip(' \r"') for name in lines[0].decode().split(","))
        mapping = map_columns([(name, pa.string()) for name in header], dataset.published_columns)
        assert len({source for source in mapping.sources if source is not None}) == len(header)
        eras.setdefault((dataset.name, header), []).append(path.stem[-7:])
    assert sum(map(len, eras.values())) == 303
    with capsys.disabled():
        print(f"\n303 heads, {unreadable} cut last lines kept as published:")
        for (name, header), months in eras.items():
            columns = f"{len(header):2} of {len(header):2} columns"
            print(f"  {name:6} {months[0]}..{months[-1]} {len(months):3} files, {columns}")


# File, dataset, month, rows.
SAMPLES = [
    ("green_tripdata_2013-08.csv", "green", "2013-08", 7_623),
    ("yellow_tripdatasample_2020-04.csv", "yellow", "2020-04", 1_000),
    ("green_tripdatasample_2020-04.csv", "green", "2020-04", 1_000),
    ("fhv_tripdatasample_2020-04.csv", "fhv", "2020-04", 1_000),
    ("fhvhv_tripdatasample_2020-04.csv", "fhvhv", "2020-04", 1_000),
    ("yellow_tripdata_sample_2019-02.csv", "yellow", "2019-02", 10_000),
    ("yellow_tripdata_sample_2020-04.csv", "yellow", "2020-04", 10_000),
    ("yellow_tripdata_sample_2020-10.csv", "yellow", "2020-10", 10_000),
    ("yellow_tripdata_2021-01.first22792.csv", "yellow", "2021-01", 22_793),
    ("naive_pandas_green_tripdata_2020-04.parquet", "green", "2020-04", 35_612),
    ("reencoded_green_tripdata_2023-02.parquet", "green", "2023-02", 64_809),
]


@pytest.mark.parametrize(("name", "dataset", "month", "rows_in_file"), SAMPLES)
def test_a_sample_lands_with_every_row_and_the_same_copy_everywhere(
    settings: Settings, real_data: Path, tmp_path: Path, name: str, dataset: str, month: str, rows_in_file: int
) -> None:
    path = real_data / "samples" / name
    layout = f"trip-data/{dataset}_tripdata_{month}.parquet" if path.suffix == ".parquet" else ""
    target = tmp_path / "mirror" / (layout or f"{dataset}/{dataset}_tripdata_{month}.csv.gz")
    target.parent.mkdir(parents=True)
    target.write_bytes(path.read_bytes() if layout else gzip.compress(path.read_bytes()))
    settings = dataclasses.replace(settings, publisher=(tmp_path / "mirror").as_uri())
    result = run_month(settings, dataset, month)
    failed = {name for name, check in checks(result).items() if not check.passed and check.blocking}
    assert not failed
    assert rows(settings, dataset, month)["published"] == rows_in_file


def test_the_tutorials_figure_for_the_first_rows_of_yellow_2021_01(real_data: Path, tmp_path: Path) -> None:
    path = _packed(real_data / "samples" / "yellow_tripdata_2021-01.first22792.csv", tmp_path)
    tally = _tally(path, YELLOW_TAXI, "2021-01", Profile.TUTORIAL)
    assert tally.reasons["zero_passengers"] == 489
    assert tally.reasons["pickup_outside_month"] == 16
    assert tally.reasons["unreadable"] == 1


# File, drop-off before pickup, passengers 0 or null, total below 0, distance 0, drop-off at pickup, rate code 99.
FAULTS = [
    ("datatalks/green/green_tripdata_2020-03.csv.gz", 12, 294 + 47_119, 7_895, 228, 1),
    ("datatalks/green/green_tripdata_2020-04.csv.gz", 0, 132 + 11_110, 1_750, 76, 0),
    ("datatalks/green/green_tripdata_2020-05.csv.gz", 1, 152 + 26_074, 2_340, 165, 0),
    ("datatalks/green/green_tripdata_2020-06.csv.gz", 0, 186 + 24_678, 2_928, 101, 0),
    ("datatalks/green/green_tripdata_2020-07.csv.gz", 2, 283 + 29_030, 3_868, 99, 2),
    ("datatalks/green/green_tripdata_2020-08.csv.gz", 3, 258 + 34_328, 4_016, 103, 0),
    ("tlc/trip-data/green_tripdata_2021-01.parquet", 0, 147 + 36_047, 2_553, 66, 1),
    ("tlc/trip-data/green_tripdata_2021-02.parquet", 0, 31 + 29_109, 2_056, 69, 0),
    ("tlc/trip-data/green_tripdata_2023-12.parquet", 0, 462 + 4_912, 3_274, 85, 2),
    ("tlc/trip-data/green_tripdata_2024-01.parquet", 0, 512 + 3_415, 2_870, 76, 3),
    ("tlc/trip-data/green_tripdata_2024-10.parquet", 0, 618 + 1_645, 2_598, 51, 5),
]


@pytest.mark.parametrize(("name", "early", "no_passengers", "no_distance", "no_duration", "code_99"), FAULTS)
def test_the_faults_counted_in_the_published_files_are_found_by_the_rules(
    real_data: Path, name: str, early: int, no_passengers: int, no_distance: int, no_duration: int, code_99: int
) -> None:
    """Flags are counted over clean rows: a quarantined row may have one too, so counts may fall short by a few."""
    path = real_data / name
    tally = _tally(path, GREEN_TAXI, path.name.removeprefix("green_tripdata_")[:7])
    assert tally.reasons["dropoff_before_pickup"] == early
    assert tally.duplicates == tally.reasons["longer_than_24_hours"] == tally.reasons["negative_distance"] == 0
    expected = {
        "no_passengers": no_passengers,
        "zero_distance": no_distance,
        "zero_duration": no_duration,
        "rate_code_99": code_99,
    }
    for flag, count in expected.items():
        assert count - tally.quarantined <= tally.flags[flag] <= count
