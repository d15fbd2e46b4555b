"""Files that are replaced atomically: a reader sees the whole old file or the whole new one.

A temporary file is locked as long as its writer lives, and its name says on which machine that is. The kernel releases
the lock however a process ends, in whichever container it ran: so the next writer knows what a dead one left, and
removes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import cast

from isal.igzip_lib import IsalError

STALE_AFTER_SECONDS = 24 * 3600
"""How long a temporary file is left alone after the last write when its writer may live on another machine."""
_CHUNK = 1 << 20
_UNWRITTEN = b"taxi_assets: nothing is written here yet\n"
_HELD: dict[Path, int] = {}
"""Files that `hold` made, with their locked descriptors."""


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yields a temporary path beside `target`; what the block wrote there becomes `target`, synced to disk.

    The block writes the file anew, or moves another one there. When it raises, the temporary file is removed and the
    target stays as it was; so too when it writes nothing, which raises FileNotFoundError. What a killed process left
    behind is removed by the next write of the same target.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_stale(target.parent.glob(f".{target.name}.*.tmp"))
    temporary, lock = _claimed(lambda: _new_file(target.parent, f".{target.name}.{_new_name()}.tmp"))
    try:
        os.write(lock, _UNWRITTEN)
        yield temporary
        if temporary.stat().st_size == len(_UNWRITTEN) and temporary.read_bytes() == _UNWRITTEN:
            raise FileNotFoundError(f"Nothing was written for {target}.")
        _sync(temporary)
        temporary.replace(target)
        _sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(lock)


def hold(folder: Path, name: str) -> Path:
    """Makes an empty file in `folder` for this process to write, under a name of its own that ends with `name`.

    Until this process ends, or releases it, `remove_stale` leaves the file alone, wherever it is moved.
    """
    path, lock = _claimed(lambda: _new_file(folder, f"{_new_name()}-{name}"))
    _HELD[path] = lock
    return path


def release(path: Path) -> None:
    """Ends what `hold` began; does nothing for other files."""
    if (lock := _HELD.pop(path, None)) is not None:
        os.close(lock)


def discard(path: Path) -> None:
    """Removes a file that `hold` made, if it is still there."""
    path.unlink(missing_ok=True)
    release(path)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder among the system's temporary files while the block lasts; removes those that dead processes left."""
    prefix = f"taxi_assets_{_this_machine()}-"
    remove_stale(Path(tempfile.gettempdir()).glob(f"{prefix}*"))
    folder, lock = _claimed(lambda: Path(tempfile.mkdtemp(prefix=prefix)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sha256(path: Path) -> str:
    """The hex SHA-256 of a file's bytes, read in bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_to(source: Path, target: Path) -> None:
    """Replaces `target` with a copy of `source`, atomically."""
    with replacing(target) as temporary, source.open("rb") as reader, temporary.open("wb") as writer:
        while chunk := reader.read(_CHUNK):
            writer.write(chunk)


def remove_stale(leftovers: Iterable[Path]) -> None:
    """Removes the temporary files and folders whose writers are dead.

    A writer on this machine is alive while its file is locked. Of a writer that may be elsewhere we know no more than
    that it has not written for a day.
    """
    for leftover in leftovers:
        with suppress(OSError):  # its writer has just finished and renamed it, or it is another user's
            _remove_if_dead(leftover)


def _remove_if_dead(leftover: Path) -> None:
    lock = os.open(leftover, _flags(leftover) | os.O_NOFOLLOW)
    try:
        locked = _lock(lock, fcntl.LOCK_NB)
        here = locked and f"{_this_machine()}-" in leftover.name
        if here or time.time() - os.fstat(lock).st_mtime > STALE_AFTER_SECONDS:
            # While it is locked: its writer may be one that has just made it, and locks it next.
            _remove(leftover)
    finally:
        os.close(lock)


def _claimed(make: Callable[[], Path]) -> tuple[Path, int]:
    """A new file or folder, and the descriptor that keeps it locked until it is closed."""
    while True:
        path = make()
        with suppress(FileNotFoundError):  # removed before it was locked, as if its writer were dead
            lock = os.open(path, _flags(path))
            _lock(lock)
            if path.exists():
                return path, lock
            os.close(lock)


def _lock(descriptor: int, how: int = 0) -> bool:
    """Locks an open file, and returns whether it is locked now: some network file systems have no locks.

    Raises BlockingIOError if another process holds the lock and `how` is LOCK_NB.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


def _flags(path: Path) -> int:
    """How a file is opened to lock it: NFS locks only what can be written. A folder can only be read."""
    return os.O_RDONLY if path.is_dir() else os.O_RDWR


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _new_name() -> str:
    return f"{_this_machine()}-{secrets.token_hex(6)}"


def _new_file(folder: Path, name: str) -> Path:
    path = folder / name
    path.touch(exist_ok=False)
    return path


@cache
def _this_machine() -> str:
    """A short name of this machine since it was started, the same in all its containers."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    name = boot.read_text() if boot.exists() else str(uuid.getnode())
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


DAMAGE = (EOFError, OSError, cast("type[Exception]", IsalError))
"""What reading a gzip file raises when it is cut off or damaged."""
