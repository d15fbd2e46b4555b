"""What one can rely on in a month's Parquet file."""

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taxi_assets.atomic_files import copy_to, replacing
from taxi_assets.errors import TaxiError
from taxi_assets.transform.month_file import ROW_GROUP_ROWS, MonthFile, MonthWriter

ROWS = 2 * ROW_GROUP_ROWS + 7
FACTS = {"source_file": "yellow_tripdata_2021-01.csv.gz", "raw_rows": "3"}
WRITER = """
import sys, time
from pathlib import Path
from taxi_assets.atomic_files import replacing
from taxi_assets_tests.transform.test_month_file import ROWS, trips
from taxi_assets.transform.month_file import MonthWriter

table = trips(ROWS)
with replacing(Path(sys.argv[1])) as path, MonthWriter(path, table.schema) as writer:
    for batch in table.to_batches(65_536):
        writer.write(batch)
    print("writing", flush=True)
    time.sleep(60)
"""


def trips(rows: int) -> pa.Table:
    """Trips with a column of every kind there is in a clean month."""
    number = np.arange(rows)
    pickups = np.datetime64("2021-01-01T00:00", "us") + number * np.timedelta64(1, "s")
    flags = pa.array(["no_passengers", "zero_distance"])
    return pa.table(
        {
            "vendor_id": pa.array(number % 3, pa.int64(), mask=number % 11 == 0),
            "pickup_datetime": pa.array(pickups, pa.timestamp("us")),
            "trip_distance": np.random.default_rng(2021).random(rows),
            "store_and_fwd_flag": pa.array(["N", None, "Y"]).take(pa.array(number % 3)),
            "source_row": pa.array(number, pa.int64()),
            "quality_flags": pa.ListArray.from_arrays(np.arange(rows + 1, dtype="i4"), flags.take(number % 2)),
        }
    )


def write(path: Path, table: pa.Table, batch_rows: int = 65_536) -> Path:
    with replacing(path) as temporary, MonthWriter(temporary, table.schema) as writer:
        for batch in table.to_batches(batch_rows):
            writer.write(batch)
        writer.finish(FACTS)
    return path


def group_sizes(path: Path) -> list[int]:
    footer = pq.read_metadata(path)
    return [footer.row_group(group).num_rows for group in range(footer.num_row_groups)]


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return trips(ROWS)


@pytest.fixture(scope="module")
def month(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("lake") / "month.parquet", table)


# Writing


@pytest.mark.parametrize("batch_rows", [10_000, 65_536, ROW_GROUP_ROWS, ROWS])
def test_row_groups_are_full_but_for_the_last_however_the_rows_arrive(
    table: pa.Table, tmp_path: Path, batch_rows: int
) -> None:
    path = write(tmp_path / "month.parquet", table, batch_rows)
    assert group_sizes(path) == [ROW_GROUP_ROWS, ROW_GROUP_ROWS, 7]
    assert pq.read_table(path).equals(table)


def test_full_groups_leave_no_empty_one_behind(tmp_path: Path) -> None:
    assert group_sizes(write(tmp_path / "month.parquet", trips(ROW_GROUP_ROWS))) == [ROW_GROUP_ROWS]


def test_the_same_batches_give_the_same_bytes(table: pa.Table, month: Path, tmp_path: Path) -> None:
    assert write(tmp_path / "other.parquet", table).read_bytes() == month.read_bytes()


def test_the_facts_are_found_again_and_nothing_else(month: Path) -> None:
    assert MonthFile.local(month).facts == FACTS


def test_a_month_without_rows_is_a_file_with_its_columns(table: pa.Table, tmp_path: Path) -> None:
    path = write(tmp_path / "none.parquet", table.slice(0, 0))
    file = MonthFile.local(path)
    assert (file.rows, file.schema, file.facts) == (0, table.schema, FACTS)
    assert file.batches().read_all().num_rows == 0


def test_empty_batches_between_do_no_harm(table: pa.Table, tmp_path: Path) -> None:
    none = table.to_batches()[0].slice(0, 0)
    with MonthWriter(tmp_path / "month.parquet", table.schema) as writer:
        for batch in (none, *table.slice(0, 10).to_batches(), none):
            writer.write(batch)
        writer.finish({})
    assert pq.read_table(tmp_path / "month.parquet").equals(table.slice(0, 10))


def test_a_dropoff_in_a_far_year_survives(tmp_path: Path) -> None:
    far = datetime(3019, 5, 6, 7, 8, 9, 123456)  # noqa: DTZ001 TLC's times carry no zone; nanoseconds end in 2262
    path = write(tmp_path / "far.parquet", pa.table({"dropoff_datetime": pa.array([far], pa.timestamp("us"))}))
    assert MonthFile.local(path).batches().read_all()["dropoff_datetime"].to_pylist() == [far]


def test_rising_numbers_take_hardly_any_space(month: Path) -> None:
    group = pq.read_metadata(month).row_group(0)
    columns = {group.column(place).path_in_schema: group.column(place) for place in range(group.num_columns)}
    for name in ("pickup_datetime", "source_row"):
        assert columns[name].total_compressed_size < ROW_GROUP_ROWS / 8


def test_a_failure_in_the_middle_leaves_the_old_month(month: Path, table: pa.Table, tmp_path: Path) -> None:
    target = tmp_path / "month.parquet"
    copy_to(month, target)

    def fail() -> None:
        with replacing(target) as temporary, MonthWriter(temporary, table.schema) as writer:
            writer.write(table.to_batches()[0])
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_bytes() == month.read_bytes()


@pytest.mark.fault(15)
def test_a_killed_writer_leaves_the_old_month(month: Path, tmp_path: Path) -> None:
    target = tmp_path / "month.parquet"
    copy_to(month, target)
    with subprocess.Popen([sys.executable, "-c", WRITER, target], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        writer.kill()
    assert target.read_bytes() == month.read_bytes()
    assert list(tmp_path.glob("*.parquet")) == [target]


@pytest.mark.fault(24)
def test_a_full_disk_is_said_to_be_full_and_gets_its_space_back(table: pa.Table, small_disk: Path) -> None:
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write(small_disk / "month.parquet", pa.concat_tables([table] * 4))
    assert list(small_disk.iterdir()) == []
    (small_disk / "after").write_bytes(bytes(2 << 20))


# Reading


def test_the_facts_of_a_local_file(month: Path, table: pa.Table) -> None:
    file = MonthFile.local(month)
    assert (file.rows, file.size, file.path) == (ROWS, month.stat().st_size, month)
    assert file.uri == month.as_uri()
    assert (file.schema, file.schema.metadata) == (table.schema, None)


def test_a_month_comes_as_a_stream_a_dataset_or_a_frame(month: Path, table: pa.Table) -> None:
    file = MonthFile.local(month)
    stream = file.batches()
    assert stream.schema == table.schema
    assert stream.read_all().equals(table)
    assert file.dataset().to_table().equals(table)
    frame = file.frame()
    assert frame["source_row"].tolist() == list(range(ROWS))
    assert list(frame.columns) == table.column_names


def test_what_is_not_parquet_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(b"<html>Sorry</html>")
    with pytest.raises(pa.ArrowInvalid):
        MonthFile.local(tmp_path / "page")
    with pytest.raises(FileNotFoundError):
        MonthFile.local(tmp_path / "none")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def far(month: Path) -> MonthFile:
    """A month that is elsewhere; a copy of a file stands for its download."""
    local = MonthFile.local(month)
    return replace(local, uri="gs://bucket/month", path=None, download=lambda to: copy_to(month, to))


def test_a_month_elsewhere_is_here_for_as_long_as_it_is_read(far: MonthFile, table: pa.Table, scratch: Path) -> None:
    assert far.batches().read_all().equals(table)
    assert len(far.frame()) == ROWS
    with far.on_disk() as path:
        assert path.is_relative_to(scratch)
        assert path.stat().st_size == far.size
    assert list(scratch.iterdir()) == []


def test_a_stream_that_is_not_read_to_its_end_leaves_no_download_behind(far: MonthFile, scratch: Path) -> None:
    stream = far.batches()
    stream.read_next_batch()
    assert list(scratch.iterdir()) != []
    del stream
    assert list(scratch.iterdir()) == []


def test_a_stream_that_nobody_reads_downloads_nothing(far: MonthFile, scratch: Path) -> None:
    assert far.batches().schema == far.schema
    assert list(scratch.iterdir()) == []


def test_a_dataset_of_a_month_elsewhere_is_refused_with_advice(far: MonthFile) -> None:
    with pytest.raises(TaxiError, match="is not on this machine"):
        far.dataset()


def test_a_month_that_cannot_be_brought_here_says_so(far: MonthFile) -> None:
    nowhere = replace(far, download=None)
    with pytest.raises(ValueError, match="no way to download it"), nowhere.on_disk():
        pass


def test_one_row_group_at_a_time_is_in_memory(month: Path) -> None:
    before = pa.total_allocated_bytes()
    assert max(_held_above(before, MonthFile.local(month).batches())) < pq.read_table(month).nbytes * 0.75


def _held_above(before: int, stream: Iterable[pa.RecordBatch]) -> Iterable[int]:
    for _ in stream:
        yield pa.total_allocated_bytes() - before
