"""Who has the DuckDB file open, and the wait until they let go: bounded, and reported while it lasts."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from taxi_assets.errors import TaxiError
from taxi_assets.progress import track

_POLL_SECONDS = 0.2
_CONFLICT = re.compile(r"lock is held in (?P<program>.*?) \(PID (?P<pid>[1-9]\d*)\)")
_OTHER_CONNECTION = "different configuration than existing connections"
_IN_USE = ("Could not set lock", _OTHER_CONNECTION)
"""Parts of DuckDB's messages about a file that is open elsewhere, in this process or in another one."""
HOW_TO_CLOSE: Final = (
    "Close it there: .exit in a DuckDB shell, a restart of the kernel in a notebook, Disconnect in DBeaver"
)


class HeldError(TaxiError):
    """The file was in use for longer than one waits; `by_run` if it was by another process of ours."""

    def __init__(self, cause: str, advice: str, *, by_run: bool) -> None:
        super().__init__(cause, advice, retry=True)
        self.by_run = by_run


@dataclass(frozen=True)
class Holder:
    """Who has the file open: in words, and what to do about it."""

    name: str
    advice: str
    by_run: bool = False


def is_in_use(error: Exception) -> bool:
    """Whether DuckDB refused the file because it is open elsewhere."""
    return any(part in str(error) for part in _IN_USE)


def holder_of(error: Exception) -> Holder:
    """Who DuckDB says has the file open. It names no process in another container, or on another machine."""
    if _OTHER_CONNECTION in str(error):
        return Holder(
            f"this same process, {_program(os.getpid(), 'Python')}", "Close its other connection to the file."
        )
    found = _CONFLICT.search(str(error))
    if found is None:
        return Holder("a program in another container or on another machine", f"{HOW_TO_CLOSE}.")
    pid = int(found["pid"])
    return Holder(_program(pid, found["program"]), f"{HOW_TO_CLOSE}; or end the process: kill {pid}.")


def run_that_locks(path: Path) -> Holder:
    """Which process of ours holds the lock file at `path`, as far as this system tells."""
    advice = "Wait for its load to end, or end it."
    try:
        inode = path.stat().st_ino
        locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    except OSError:
        locks = []
    pids = [int(lock[4]) for lock in locks if lock[1] == "FLOCK" and lock[5].endswith(f":{inode}")]
    name = _program(pids[0], "Python") if pids and pids[0] > 0 else "another process"
    return Holder(f"a run of ours, {name}", advice, by_run=True)


@dataclass
class Wait:
    """Waits for the file at `path` for `seconds` in all; the progress of the step says for whom."""

    path: Path
    seconds: float
    _start: float = field(default_factory=time.monotonic)
    _holder: Holder | None = None

    def __call__(self, holder: Holder, error: Exception) -> None:
        """Waits for a moment while `holder` has the file; raises HeldError when the time is up."""
        if time.monotonic() - self._start > self.seconds:
            who = "Another run uses" if holder.by_run else "Another program holds"
            raise HeldError(
                f"{who} the warehouse: {holder.name} has {self.path} open, and has not closed it in "
                f"{self.seconds:g} s.",
                f"{holder.advice} Nothing was changed.",
                by_run=holder.by_run,
            ) from error
        if holder != self._holder:
            self._holder = holder
            advice = f"{holder.advice[0].lower()}{holder.advice[1:-1]}"
            self._work = track(f"waiting for {holder.name}, which has {self.path} open ({advice})")
        self._work.update()
        time.sleep(_POLL_SECONDS)


def _program(pid: int, program: str) -> str:
    """A process for people, such as `python3.11 -m ipykernel_launcher (pid 4711)`; no more of its arguments.

    The others may hold a secret.
    """
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        words = []
    name, *arguments = [words[0] if words and words[0] else program, *words[1:3], "", ""]
    if arguments[0] == "-m":
        what = f" -m {arguments[1]}"
    else:
        what = f" {arguments[0]}" if arguments[0] and not arguments[0].startswith("-") else ""
    return f"{Path(name).name}{what} (pid {pid})"
