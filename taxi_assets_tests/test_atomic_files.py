"""What one can rely on when a file is replaced."""

import errno
import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from taxi_assets import atomic_files as files
from taxi_assets.atomic_files import copy_to, replacing, sha256

OLD, NEW = b"old" * 1000, b"new" * 2000
WRITER = """
import sys, time
from pathlib import Path
from taxi_assets.atomic_files import replacing

with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "month" / "trips.parquet"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_content_takes_the_old_ones_place(target: Path) -> None:
    with replacing(target) as temporary:
        temporary.write_bytes(NEW)
        assert target.read_bytes() == OLD
    assert target.read_bytes() == NEW
    assert names(target.parent) == [target.name]


def test_folders_are_made_as_needed(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "trips.parquet"
    with replacing(target) as temporary:
        temporary.write_bytes(NEW)
    assert target.read_bytes() == NEW


def test_the_temporary_file_is_beside_its_target_and_is_not_taken_for_a_month(target: Path) -> None:
    with replacing(target) as temporary:
        temporary.write_bytes(NEW)
        assert temporary.parent == target.parent
        assert list(target.parent.glob("[!.]*")) == [target]
        assert temporary.suffix != ".parquet"


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_file_and_nothing_else(target: Path, failure: type[BaseException]) -> None:
    def write() -> None:
        with replacing(target) as temporary:
            temporary.write_bytes(NEW[:10])
            raise failure

    with pytest.raises(failure):
        write()
    assert target.read_bytes() == OLD
    assert names(target.parent) == [target.name]


def test_a_writer_that_writes_nothing_is_an_error_and_the_old_file_stays(target: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(target):
        pass
    assert target.read_bytes() == OLD


def kill_a_writer_of(target: Path) -> Path:
    """Kill -9 in the middle of writing; gives the file that is left behind."""
    with subprocess.Popen([sys.executable, "-c", WRITER, target], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        writer.kill()
    (leftover,) = target.parent.glob(f".{target.name}.*.tmp")
    return leftover


@pytest.mark.fault(15)
def test_a_killed_writer_leaves_the_old_file(target: Path) -> None:
    assert kill_a_writer_of(target).read_bytes() == b"half"
    assert target.read_bytes() == OLD


def test_what_a_killed_writer_left_is_removed_when_it_is_a_day_old_and_not_before(target: Path) -> None:
    leftover = kill_a_writer_of(target)
    copy_to(target, target)
    assert leftover.exists()  # for all we know its writer is still at work
    aged = time.time() - files.STALE_AFTER_SECONDS - 60
    os.utime(leftover, (aged, aged))
    copy_to(target, target)
    assert names(target.parent) == [target.name]


def test_writers_at_the_same_time_do_not_disturb_each_other(target: Path) -> None:
    failures: list[Exception] = []

    def write(content: bytes) -> None:
        try:
            for _ in range(100):
                with replacing(target) as temporary:
                    temporary.write_bytes(content)
                assert target.read_bytes() in {OLD, NEW}
        except Exception as failure:  # noqa: BLE001 a thread's failure has to be carried out of it
            failures.append(failure)

    writers = [threading.Thread(target=write, args=(content,)) for content in (OLD, NEW, OLD, NEW)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert names(target.parent) == [target.name]


def test_a_copy_has_the_bytes_of_its_source_whatever_their_number(tmp_path: Path) -> None:
    for size in (0, 1, 1 << 20, (1 << 20) + 1):
        (tmp_path / "source").write_bytes(os.urandom(size))
        copy_to(tmp_path / "source", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == (tmp_path / "source").read_bytes()


def test_a_copy_of_what_is_not_there_leaves_the_old_file(target: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        copy_to(tmp_path / "none", target)
    assert target.read_bytes() == OLD
    assert names(target.parent) == [target.name]


@pytest.mark.fault(24)
def test_a_full_disk_leaves_nothing_behind(small_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(5 << 20))
    target = small_disk / "trips.parquet"
    target.write_bytes(OLD)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        copy_to(tmp_path / "large", target)
    assert target.read_bytes() == OLD
    assert names(small_disk) == [target.name]


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "file").write_bytes(content)
    assert sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()
