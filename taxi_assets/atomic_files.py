"""Files that are replaced atomically: a reader sees the whole old file or the whole new one."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from isal.igzip_lib import IsalError

STALE_AFTER_SECONDS = 24 * 3600
_CHUNK = 1 << 20


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yields a temporary path beside `target`; what the block wrote there becomes `target`, synced to disk.

    When the block raises, the temporary file is removed and the target stays as it was. A file that a killed process
    left behind is removed by a later write of the same target, once it is a day old.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_stale(target.parent.glob(f".{target.name}.*.tmp"))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(target)
        _sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


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
    """Removes the files that have not been written to for a day: killed processes left them."""
    for leftover in leftovers:
        with suppress(FileNotFoundError):  # another writer has just finished and renamed it
            if time.time() - leftover.stat().st_mtime > STALE_AFTER_SECONDS:
                leftover.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


DAMAGE = (EOFError, OSError, cast("type[Exception]", IsalError))
"""What reading a gzip file raises when it is cut off or damaged."""
