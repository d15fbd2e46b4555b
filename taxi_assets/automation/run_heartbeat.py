"""The heartbeat of a run: what its process leaves in Dagster's storage while it lives, and how it is read.

A beat every ten seconds is seen from every machine. On the machine of the run there is a file lock besides, which the
kernel releases when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from dagster import DagsterInstance

BEAT_SECONDS = 10.0
_DIED = re.compile(r"The process of the run \(pid \d+ on .*?\) died: [^.]*\.")


@dataclass(frozen=True)
class Heartbeat:
    """The process of a run, and how often it has beaten."""

    host: str
    pid: int
    beats: int = 0

    @classmethod
    def of(cls, instance: DagsterInstance, run_id: str) -> Heartbeat | None:
        """The last heartbeat of a run; None if there is none: its executor is another, or it has only just started."""
        key = key_of(run_id)
        text = instance.daemon_cursor_storage.get_cursor_values({key}).get(key)
        return cls(**json.loads(text)) if text else None

    @property
    def died(self) -> str:
        """What the run's log and alerts say once the process is known to be dead."""
        return f"The process of the run (pid {self.pid} on {self.host}) died: it was killed, or its machine went down."

    def save(self, instance: DagsterInstance, run_id: str) -> None:
        instance.daemon_cursor_storage.set_cursor_values({key_of(run_id): json.dumps(asdict(self))})


def cause_of_death(failure: str) -> str:
    """What Heartbeat.died says in Dagster's words on a run's failure; else those words."""
    found = _DIED.search(failure)
    return found[0] if found else failure


def key_of(run_id: str) -> str:
    """The key of a run's heartbeat in the key-value table of Dagster's storage."""
    return f"taxi_assets/heartbeat/{run_id}"


def lock_file(instance: DagsterInstance, run_id: str) -> Path:
    """The file that the process of a run on this machine holds a lock on."""
    return Path(instance.storage_directory()) / "heartbeats" / f"{run_id}.lock"


@contextmanager
def beating(instance: DagsterInstance, run_id: str) -> Iterator[None]:
    """Keeps the heartbeat of a run, and the lock, until the block ends."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(instance, run_id, stop), name="heartbeat", daemon=True)
    with _locked(lock_file(instance, run_id)):
        _save(Heartbeat(platform.node(), os.getpid()), instance, run_id)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(BEAT_SECONDS)


def is_locked(path: Path) -> bool | None:
    """Whether a process of this machine holds the lock; None if there is no such file here."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _beat(instance: DagsterInstance, run_id: str, stop: threading.Event) -> None:
    heartbeat = Heartbeat(platform.node(), os.getpid())
    while not stop.wait(BEAT_SECONDS):
        heartbeat = replace(heartbeat, beats=heartbeat.beats + 1)
        _save(heartbeat, instance, run_id)


def _save(heartbeat: Heartbeat, instance: DagsterInstance, run_id: str) -> None:
    # Whatever keeps a beat from being written (a database that restarts), the next one may be; the run goes on.
    with suppress(Exception):
        heartbeat.save(instance, run_id)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds a lock on a file of its own, which is deleted afterwards."""
    descriptor = _lock(path)
    try:
        yield
    finally:
        if descriptor is not None:
            path.unlink(missing_ok=True)
            os.close(descriptor)


def _lock(path: Path) -> int | None:
    """The descriptor of a new locked file; None, and no file, where that cannot be: beats alone must do then."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            path.unlink(missing_ok=True)
            os.close(descriptor)
        else:
            return descriptor
    return None
