"""What one can rely on when a file is replaced."""

import errno
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from taxi_assets import atomic_files as files
from taxi_assets.atomic_files import (
    copy_to,
    discard,
    hold,
    release,
    remove_stale,
    replacing,
    sha256,
    temporary_folder,
)

OLD, NEW = b"old" * 1000, b"new" * 2000
WRITER = """
import sys, time
from pathlib import Path
from taxi_assets.atomic_files import replacing

with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(600)
"""
HOLDER = """
import sys, time
from pathlib import Path
from taxi_assets.atomic_files import hold

hold(Path(sys.argv[1]), "month.csv")
print("writing", flush=True)
time.sleep(600)
"""
USER_OF_A_FOLDER = """
import time
from taxi_assets.atomic_files import temporary_folder

with temporary_folder() as folder:
    (folder / "month.parquet").write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(600)
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


@contextmanager
def at_work(program: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of its writing; killed with the block, unless it was before."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        try:
            yield writer
        finally:
            writer.kill()


def leftover_of(target: Path) -> Path:
    (leftover,) = target.parent.glob(f".{target.name}.*.tmp")
    return leftover


def kill_a_writer_of(target: Path) -> Path:
    """Kill -9 in the middle of writing; gives the file that is left behind."""
    with at_work(WRITER, target) as writer:
        writer.kill()
    return leftover_of(target)


def age(path: Path) -> None:
    """Makes a file as old as if nobody had written to it for more than a day."""
    aged = time.time() - files.STALE_AFTER_SECONDS - 60
    os.utime(path, (aged, aged))


@pytest.mark.fault(15)
def test_a_killed_writer_leaves_the_old_file(target: Path) -> None:
    assert kill_a_writer_of(target).read_bytes() == b"half"
    assert target.read_bytes() == OLD


@pytest.mark.fault(15)
def test_what_a_killed_writer_left_is_removed_by_the_next_one_at_once(target: Path) -> None:
    kill_a_writer_of(target)
    copy_to(target, target)
    assert names(target.parent) == [target.name]


@pytest.mark.parametrize("state", [signal.SIGCONT, signal.SIGSTOP])
def test_the_file_of_a_living_writer_is_never_removed_however_old_it_is(target: Path, state: signal.Signals) -> None:
    with at_work(WRITER, target) as writer:
        writer.send_signal(state)
        leftover = leftover_of(target)
        age(leftover)
        copy_to(target, target)
        assert leftover.read_bytes() == b"half"
    copy_to(target, target)
    assert names(target.parent) == [target.name]


def test_what_a_writer_on_another_machine_left_is_removed_when_it_is_a_day_old_and_not_before(target: Path) -> None:
    leftover = kill_a_writer_of(target)
    here = files._this_machine()
    leftover = leftover.rename(leftover.with_name(leftover.name.replace(here, here[::-1])))
    copy_to(target, target)
    assert leftover.exists()  # for all we know its writer is still at work
    age(leftover)
    copy_to(target, target)
    assert names(target.parent) == [target.name]


def test_on_a_file_system_without_locks_files_are_written_and_leftovers_removed_after_a_day(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    leftover = kill_a_writer_of(target)
    monkeypatch.setattr(fcntl, "flock", refuse)
    copy_to(target, target)
    assert leftover.exists()
    age(leftover)
    copy_to(target, target)
    assert names(target.parent) == [target.name]


def test_a_file_that_is_held_is_left_alone_until_it_is_released_or_its_process_ends(tmp_path: Path) -> None:
    held, passing = hold(tmp_path, "month.csv"), hold(tmp_path, "other.csv")
    with at_work(HOLDER, tmp_path):
        assert len(names(tmp_path)) == 3
        remove_stale(tmp_path.iterdir())
        assert len(names(tmp_path)) == 3
    release(passing)
    remove_stale(tmp_path.iterdir())
    assert names(tmp_path) == [held.name]
    discard(held)
    assert names(tmp_path) == []


@pytest.mark.fault(14)
def test_what_a_killed_process_left_among_temporary_files_is_removed_by_the_next_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with at_work(USER_OF_A_FOLDER), at_work(USER_OF_A_FOLDER) as second:
        second.kill()
        second.wait()
        assert len(names(tmp_path)) == 2
        with temporary_folder() as mine:
            (mine / "month.parquet").write_bytes(NEW)
            assert len(names(tmp_path)) == 2
        (alive,) = tmp_path.iterdir()
        assert names(alive) == ["month.parquet"]


def test_processes_that_start_and_clear_up_at_the_same_time_remove_nothing_of_the_living(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from taxi_assets.atomic_files import discard, hold, remove_stale
folder = Path({str(tmp_path)!r})
for _ in range(300):
    remove_stale(folder.iterdir())
    held = hold(folder, "month")
    assert held.exists()
    held.write_bytes(b"x")
    discard(held)
"""
    writers = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert names(tmp_path) == []


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
