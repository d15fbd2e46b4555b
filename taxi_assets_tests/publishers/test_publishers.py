"""What one can rely on when a month is asked of a publisher: real HTTP, real months, no network."""

import base64
import errno
import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taxi_assets.atomic_files import sha256
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.errors import BlockedError, CorruptFileError, NotPublishedError, TaxiError
from taxi_assets.model.datasets import DATASETS, GREEN_TAXI, YELLOW_TAXI, Dataset, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.publishers.base import publisher
from taxi_assets.publishers.http import RetryPolicy, TransientError
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.publishers.sample.publisher import SamplePublisher
from taxi_assets.publishers.sites import DATATALKS_SITE, TLC_SITE
from taxi_assets.publishers.web import WebPublisher
from taxi_assets_tests.servers.publisher import PublisherServer

QUICK = RetryPolicy(connect=5, read=5, total=30, attempts=3, first_wait=0.01, longest_wait=0.02)
MONTH = Month(2021, 1)
FORMATS: tuple[FileFormat, ...] = ("csv.gz", "parquet")
PATHS: dict[FileFormat, str] = {
    "parquet": "trip-data/yellow_tripdata_2021-01.parquet",
    "csv.gz": "yellow/yellow_tripdata_2021-01.csv.gz",
}
FETCHER = """
import sys
from pathlib import Path
from taxi_assets.model.datasets import YELLOW_TAXI
from taxi_assets.model.months import Month
from taxi_assets.publishers.base import publisher
from taxi_assets.destinations.lake.folder import Lake

lake = Lake(Path(sys.argv[2]))
source = publisher(sys.argv[1], sample_rows=1, sample_format=None)
lake.keep(source.fetch(YELLOW_TAXI, Month(2021, 1), lake.staging(), None), YELLOW_TAXI, Month(2021, 1))
"""


def recent_month() -> Month:
    """The month before this one, which TLC cannot have published yet."""
    today = datetime.now(UTC)
    return Month(today.year, today.month) + -1


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> dict[FileFormat, bytes]:
    """One month of yellow trips in each format."""
    path = tmp_path_factory.mktemp("sample") / "month"
    made: dict[FileFormat, bytes] = {}
    for file_format in FORMATS:
        write_sample(YELLOW_TAXI, MONTH, path, rows=2000, file_format=file_format)
        made[file_format] = path.read_bytes()
    return made


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The publisher's folder, with the months known to exist, and no other."""
    folder = tmp_path / "site"
    for path in (
        "trip-data/yellow_tripdata_2023-01.parquet",
        "trip-data/green_tripdata_2023-01.parquet",
        "yellow/yellow_tripdata_2020-01.csv.gz",
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"only asked for, never fetched")
    return folder


@pytest.fixture
def server(site: Path) -> Iterator[PublisherServer]:
    with PublisherServer(site) as running:
        yield running


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


@pytest.fixture(params=FORMATS)
def file_format(request: pytest.FixtureRequest) -> FileFormat:
    found: FileFormat = request.param
    return found


@pytest.fixture
def published(site: Path, months: dict[FileFormat, bytes], file_format: FileFormat) -> Path:
    """The month, published in one of the formats."""
    path = site / PATHS[file_format]
    path.write_bytes(months[file_format])
    return path


def of(server: PublisherServer, file_format: FileFormat = "parquet") -> WebPublisher:
    """TLC, or the CSV mirror, as if it were at the server."""
    if file_format == "parquet":
        return WebPublisher("tlc", server.url, (TLC_SITE,), QUICK)
    return WebPublisher("datatalks", server.url, (DATATALKS_SITE,), QUICK)


def mirror(base: str) -> WebPublisher:
    found = publisher(base, sample_rows=1, sample_format=None, retry_policy=QUICK)
    assert isinstance(found, WebPublisher)
    return found


def answers(server: PublisherServer) -> list[tuple[str, int]]:
    return [(request.method, request.status) for request in server.requests()]


# Where months come from


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("tlc", "https://d37ci6vzurychx.cloudfront.net/trip-data/yellow_tripdata_2021-01.parquet"),
        (
            "datatalks",
            "https://github.com/DataTalksClub/nyc-tlc-data/releases/download/yellow/yellow_tripdata_2021-01.csv.gz",
        ),
    ],
)
def test_urls_are_those_under_which_the_publishers_have_their_files(name: str, url: str) -> None:
    found = publisher(name, sample_rows=1, sample_format=None)
    assert isinstance(found, WebPublisher)
    assert [site.url(found.base_url, YELLOW_TAXI, MONTH) for site in found.sites] == [url]


@pytest.mark.parametrize("name", ["", "TLC", "ftp://host/x", "/folder", "host/x"])
def test_a_name_that_is_no_publisher_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a publisher"):
        publisher(name, sample_rows=1, sample_format=None)


def test_a_month_arrives_as_published_under_its_published_name(
    server: PublisherServer, published: Path, file_format: FileFormat, staging: Path
) -> None:
    got = of(server, file_format).fetch(YELLOW_TAXI, MONTH, staging, None)
    assert list(staging.iterdir()) == [got.path]
    assert got.path.read_bytes() == published.read_bytes()
    assert (got.sha256, got.size) == (sha256(published), published.stat().st_size)
    assert (got.name, got.format) == (published.name, file_format)
    assert got.url == f"{server.url}/{PATHS[file_format]}"
    assert len(server.requests()) == 1


def test_a_mirror_serves_either_layout(
    server: PublisherServer, published: Path, file_format: FileFormat, staging: Path
) -> None:
    got = mirror(f"{server.url}/").fetch(YELLOW_TAXI, MONTH, staging, None)
    assert (got.publisher, got.format) == ("mirror", file_format)
    assert got.path.read_bytes() == published.read_bytes()


def test_a_file_url_works(site: Path, published: Path, file_format: FileFormat, staging: Path) -> None:
    source = mirror(site.as_uri())
    got = source.fetch(YELLOW_TAXI, MONTH, staging, None)
    assert got.path.read_bytes() == published.read_bytes()
    assert source.fetch(YELLOW_TAXI, MONTH, staging, got) is got
    with pytest.raises(NotPublishedError):
        source.fetch(YELLOW_TAXI, MONTH + 1, staging, None)


def test_redirects_are_followed(
    server: PublisherServer, published: Path, file_format: FileFormat, staging: Path, tmp_path: Path
) -> None:
    with PublisherServer(tmp_path / "nothing") as entrance:
        entrance.redirect("yellow", to=f"{server.url}/")
        got = of(entrance, file_format).fetch(YELLOW_TAXI, MONTH, staging, None)
    assert got.path.read_bytes() == published.read_bytes()
    assert got.url == f"{entrance.url}/{PATHS[file_format]}"


def test_the_password_of_a_mirror_is_sent_and_is_neither_recorded_nor_told(
    server: PublisherServer, published: Path, file_format: FileFormat, staging: Path
) -> None:
    source = mirror(server.url.replace("//", "//reader:canary%40x@"))
    got = source.fetch(YELLOW_TAXI, MONTH, staging, None)
    seen = source.probe(YELLOW_TAXI, MONTH)
    assert seen is not None
    assert got.url == seen.url == f"{server.url}/{PATHS[file_format]}"
    assert source.fetch(YELLOW_TAXI, MONTH, staging, got) is got
    assert source.probe(YELLOW_TAXI, MONTH, seen) is seen
    expected = f"Basic {base64.b64encode(b'reader:canary@x').decode()}"
    assert {request.headers.get("authorization") for request in server.requests()} == {expected}
    errors: list[TaxiError] = []
    for status in (403, 418, 503):
        server.fail("2019-01", status, times=9)
        with pytest.raises(TaxiError) as failure:
            source.fetch(YELLOW_TAXI, Month(2019, 1), staging, None)
        errors.append(failure.value)
        server.clear()
    server.replace_body(published.name, b"<html>", times=9)
    with pytest.raises(TaxiError) as failure:
        source.probe(YELLOW_TAXI, MONTH)
    assert [error for error in (*errors, failure.value) if "canary" in str(error)] == []


# Unchanged and replaced months


def test_an_unchanged_file_is_not_downloaded_again(
    server: PublisherServer, published: Path, file_format: FileFormat, staging: Path, tmp_path: Path
) -> None:
    lake = Lake(tmp_path / "lake")
    kept = lake.keep(of(server, file_format).fetch(YELLOW_TAXI, MONTH, staging, None), YELLOW_TAXI, MONTH)
    assert of(server, file_format).fetch(YELLOW_TAXI, MONTH, staging, kept) is kept
    assert answers(server) == [("GET", 200), ("GET", 304)]
    assert list(staging.iterdir()) == []
    assert kept.path.read_bytes() == published.read_bytes()


def test_a_replaced_month_is_noticed(
    server: PublisherServer, site: Path, months: dict[FileFormat, bytes], staging: Path
) -> None:
    published = site / PATHS["parquet"]
    published.write_bytes(months["parquet"])
    old = of(server).fetch(YELLOW_TAXI, MONTH, staging, None)
    write_sample(YELLOW_TAXI, MONTH, published, rows=2001, file_format="parquet")
    new = of(server).fetch(YELLOW_TAXI, MONTH, staging, old)
    assert (new.sha256, new.path.read_bytes()) == (sha256(published), published.read_bytes())
    assert new.sha256 != old.sha256


def test_what_one_publisher_said_is_not_believed_of_another(
    server: PublisherServer, site: Path, published: Path, file_format: FileFormat, staging: Path
) -> None:
    got = of(server, file_format).fetch(YELLOW_TAXI, MONTH, staging, None)
    with PublisherServer(site) as other:
        of(other, file_format).fetch(YELLOW_TAXI, MONTH, staging, got)
        assert answers(other) == [("GET", 200)]


# Absent months


@pytest.mark.fault(1)
def test_403_for_a_recent_month_means_not_published_yet(server: PublisherServer, staging: Path) -> None:
    month = recent_month()
    with pytest.raises(NotPublishedError, match=f"has not published yellow {month} yet") as failure:
        of(server).fetch(YELLOW_TAXI, month, staging, None)
    assert not failure.value.retry
    # Asked once, and then whether the site answers at all.
    assert answers(server) == [("GET", 403), ("GET", 200)]


def test_403_also_for_the_control_month_means_blocked(server: PublisherServer, staging: Path) -> None:
    server.block()
    with pytest.raises(BlockedError, match="refuses us") as failure:
        of(server).fetch(YELLOW_TAXI, recent_month(), staging, None)
    assert not failure.value.retry
    assert answers(server) == [("GET", 403), ("GET", 403)]


@pytest.mark.fault(1)
def test_403_for_an_old_month_means_that_there_is_none(server: PublisherServer, staging: Path) -> None:
    with pytest.raises(NotPublishedError, match="has no green 2019-01") as failure:
        of(server).fetch(GREEN_TAXI, Month(2019, 1), staging, None)
    assert "yet" not in str(failure.value)


def test_404_needs_no_control_month(site: Path, staging: Path) -> None:
    with PublisherServer(site, missing_status=404) as server:
        with pytest.raises(NotPublishedError, match="yet"):
            of(server).fetch(YELLOW_TAXI, recent_month(), staging, None)
        with pytest.raises(NotPublishedError, match="has no yellow 2019-01"):
            of(server).fetch(YELLOW_TAXI, Month(2019, 1), staging, None)
        assert answers(server) == [("GET", 404), ("GET", 404)]


def test_a_mirror_without_the_month_names_both_places_where_it_could_be(server: PublisherServer, staging: Path) -> None:
    with pytest.raises(NotPublishedError) as failure:
        mirror(server.url).fetch(YELLOW_TAXI, MONTH, staging, None)
    assert all(f"{server.url}/{path}: 403" in str(failure.value) for path in PATHS.values())


def test_a_control_month_that_cannot_be_asked_for_leaves_the_question_open(
    server: PublisherServer, staging: Path
) -> None:
    server.fail("2023-01", 503, times=99)
    with pytest.raises(TransientError, match="answered 503") as failure:
        of(server).fetch(YELLOW_TAXI, recent_month(), staging, None)
    assert failure.value.retry


# Answers that are not the month


@pytest.mark.fault(8)
def test_an_html_page_with_status_200_is_refused_by_its_first_bytes(
    server: PublisherServer, published: Path, file_format: FileFormat, staging: Path
) -> None:
    server.replace_body(published.name, b"<!DOCTYPE html><html>Welcome to this hotel</html>")
    with pytest.raises(CorruptFileError, match="begins with b'<!DOCTYPE html>"):
        of(server, file_format).fetch(YELLOW_TAXI, MONTH, staging, None)
    assert list(staging.iterdir()) == []


@pytest.mark.fault(6)
def test_a_body_cut_without_content_length_is_refused_by_its_gzip_trailer_or_parquet_footer(
    server: PublisherServer, published: Path, file_format: FileFormat, staging: Path
) -> None:
    server.truncate(published.name, after=published.stat().st_size - 1, keep_length=False)
    with pytest.raises(CorruptFileError, match="cut off"):
        of(server, file_format).fetch(YELLOW_TAXI, MONTH, staging, None)
    assert list(staging.iterdir()) == []


@pytest.mark.fault(5)
def test_a_body_cut_short_of_its_content_length_is_fetched_again(
    server: PublisherServer, published: Path, file_format: FileFormat, staging: Path
) -> None:
    server.truncate(published.name, after=100, times=2)
    got = of(server, file_format).fetch(YELLOW_TAXI, MONTH, staging, None)
    assert got.path.read_bytes() == published.read_bytes()
    assert list(staging.iterdir()) == [got.path]


@pytest.mark.fault(9)
def test_an_empty_file_is_refused(
    server: PublisherServer, published: Path, file_format: FileFormat, staging: Path
) -> None:
    published.write_bytes(b"")
    with pytest.raises(CorruptFileError, match="is empty"):
        of(server, file_format).fetch(YELLOW_TAXI, MONTH, staging, None)
    assert list(staging.iterdir()) == []


@pytest.mark.fault(10)
def test_a_file_without_rows_is_refused(
    server: PublisherServer, published: Path, file_format: FileFormat, staging: Path
) -> None:
    if file_format == "parquet":
        pq.write_table(pa.table({"VendorID": pa.array([], pa.int64())}), published)
    else:
        published.write_bytes(gzip.compress(b"VendorID,tpep_pickup_datetime\r\n"))
    with pytest.raises(CorruptFileError, match="no rows"):
        of(server, file_format).fetch(YELLOW_TAXI, MONTH, staging, None)
    assert list(staging.iterdir()) == []


def test_a_refused_file_leaves_the_month_as_it_was(
    server: PublisherServer, published: Path, file_format: FileFormat, tmp_path: Path
) -> None:
    lake = Lake(tmp_path / "lake")
    source = of(server, file_format)
    kept = lake.keep(source.fetch(YELLOW_TAXI, MONTH, lake.staging(), None), YELLOW_TAXI, MONTH)
    published.write_bytes(b"<html>")
    with pytest.raises(CorruptFileError):
        source.fetch(YELLOW_TAXI, MONTH, lake.staging(), lake.publication(YELLOW_TAXI, MONTH))
    assert lake.publication(YELLOW_TAXI, MONTH) == kept
    assert sha256(kept.path) == kept.sha256


# Failures on our side


@pytest.mark.parametrize("status", [400, 403, 503])
def test_nothing_is_left_in_staging_after_a_failure(
    server: PublisherServer, published: Path, file_format: FileFormat, staging: Path, status: int
) -> None:
    # The first attempt has left a part of the file when the second one fails for good.
    server.truncate(published.name, after=1000)
    server.fail(published.name, status, times=99)
    with pytest.raises(Exception, match=str(status)):
        of(server, file_format).fetch(YELLOW_TAXI, MONTH, staging, None)
    assert list(staging.iterdir()) == []


@pytest.mark.fault(14)
def test_a_killed_download_leaves_no_month_and_the_next_one_succeeds_and_clears_up(
    server: PublisherServer, published: Path, file_format: FileFormat, tmp_path: Path
) -> None:
    lake = Lake(tmp_path / "lake")
    server.drip(published.name, bytes_per_second=1000)
    with subprocess.Popen([sys.executable, "-c", FETCHER, server.url, lake.folder]) as fetcher:
        wait_for_a_file_in(lake.staging())
        fetcher.kill()
    assert lake.publication(YELLOW_TAXI, MONTH) is None
    assert not lake.month_folder("raw", YELLOW_TAXI, MONTH).exists()
    subprocess.run([sys.executable, "-c", FETCHER, server.url, lake.folder], check=True)
    kept = lake.publication(YELLOW_TAXI, MONTH)
    assert kept is not None
    assert kept.path.read_bytes() == published.read_bytes()
    assert list((lake.folder / "staging").iterdir()) == []


def wait_for_a_file_in(folder: Path) -> None:
    deadline = time.monotonic() + 30
    while not any(folder.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.fault(24)
def test_a_full_disk_leaves_nothing_behind(server: PublisherServer, site: Path, small_disk: Path) -> None:
    (site / PATHS["parquet"]).write_bytes(b"PAR1" + bytes(5 << 20))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        of(server).fetch(YELLOW_TAXI, MONTH, small_disk, None)
    assert list(small_disk.iterdir()) == []
    assert answers(server) == [("GET", 200)]  # more of the same would not help


# The sample


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS.keys())
def test_the_sample_makes_the_same_bytes_every_time(dataset: Dataset, staging: Path) -> None:
    made = [SamplePublisher(rows=500).fetch(dataset, MONTH, staging, None) for _ in range(2)]
    assert made[0].path.read_bytes() == made[1].path.read_bytes()
    assert made[0] == replace(made[1], path=made[0].path)
    assert (made[0].sha256, made[0].size) == (sha256(made[0].path), made[0].path.stat().st_size)


def test_an_unchanged_sample_month_is_known_and_leaves_nothing_in_staging(staging: Path, tmp_path: Path) -> None:
    source = SamplePublisher(rows=500)
    kept = Lake(tmp_path / "lake").keep(source.fetch(YELLOW_TAXI, MONTH, staging, None), YELLOW_TAXI, MONTH)
    assert source.fetch(YELLOW_TAXI, MONTH, staging, kept) is kept
    assert list(staging.iterdir()) == []


def test_another_number_of_sample_rows_is_another_month(staging: Path) -> None:
    made = SamplePublisher(rows=500).fetch(YELLOW_TAXI, MONTH, staging, None)
    assert SamplePublisher(rows=501).fetch(YELLOW_TAXI, MONTH, staging, made).sha256 != made.sha256


def test_sample_months_come_in_the_format_most_people_load_them_from_unless_told_otherwise(staging: Path) -> None:
    usual, told = SamplePublisher(rows=10), SamplePublisher(rows=10, format="parquet")
    assert usual.fetch(YELLOW_TAXI, Month(2021, 7), staging, None).format == "csv.gz"
    assert usual.fetch(YELLOW_TAXI, Month(2021, 8), staging, None).format == "parquet"
    assert told.fetch(YELLOW_TAXI, Month(2021, 7), staging, None).format == "parquet"


def test_the_sample_publisher_is_made_as_asked() -> None:
    assert publisher("sample", sample_rows=7, sample_format="parquet") == SamplePublisher(7, "parquet")
