"""One measured process: how long it took, what it used, what the Postgres server used on its behalf."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from benchmarks.processes import TreeMemory

_RSS_UNIT = 1 if sys.platform == "darwin" else 1 << 10
_MB = 1_000_000


LIMIT_SECONDS = 1800.0
"""Of one process. The slowest, the tutorial's first script, takes two minutes over the usual month."""


class ContestantError(RuntimeError):
    """A measured process failed: `cause` in one line, `log` is the end of its output."""

    def __init__(self, cause: str, log: str = "") -> None:
        super().__init__(f"{cause}:\n{log}" if log else cause)
        self.cause = cause


@dataclass(frozen=True)
class Measurement:
    """Whole-process figures, interpreter start and imports included.

    `seconds`: wall time. `cpu`: CPU seconds of the process and its descendants. `server_cpu`: CPU seconds of all
    processes of the Postgres server meanwhile. `rss`: peak resident MB of the largest process, `tree_rss` of all of
    the tree together. What could not be measured is 0.
    """

    seconds: float
    cpu: float
    server_cpu: float
    rss: float
    tree_rss: float


def measured(
    command: Sequence[str],
    log: Path,
    *,
    folder: Path,
    env: Mapping[str, str],
    server_cpu: Callable[[], float] = lambda: 0.0,
) -> Measurement:
    """Runs a command to its end. Its output goes to `log`.

    Raises ContestantError when there is no such program, when it fails, and when it takes longer than LIMIT_SECONDS.
    """
    cpu_before = server_cpu()
    with log.open("wb") as output:
        started = time.perf_counter()
        try:
            process = subprocess.Popen(  # noqa: S603 the contestants are ours
                command,
                cwd=folder,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise ContestantError(f"there is no {error.filename}") from error
        with _bounded(process.pid), TreeMemory(process.pid) if sys.platform == "linux" else nullcontext() as memory:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise _failure(process.returncode, seconds, log)
    largest = max(_peak(usage), memory.largest if memory else 0)
    return Measurement(
        seconds=round(seconds, 3),
        cpu=round(usage.ru_utime + usage.ru_stime, 3),
        server_cpu=round(server_cpu() - cpu_before, 3),
        rss=round(largest / _MB, 1),
        tree_rss=round(max(largest, memory.together if memory else 0) / _MB, 1),
    )


@contextmanager
def _bounded(group: int) -> Iterator[None]:
    """Ends a group of processes when it takes too long, and when we are interrupted."""
    timer = Timer(LIMIT_SECONDS, os.killpg, (group, signal.SIGKILL))
    timer.start()
    try:
        yield
    except BaseException:
        os.killpg(group, signal.SIGKILL)
        raise
    finally:
        timer.cancel()


def _failure(code: int, seconds: float, log: Path) -> ContestantError:
    """The error of a process: the last line of its output stands for the cause."""
    said = log.read_text(errors="replace").splitlines()[-30:]
    if seconds > LIMIT_SECONDS:
        return ContestantError(f"stopped after {LIMIT_SECONDS:.0f} s", "\n".join(said))
    last = next((line.strip() for line in reversed(said) if line.strip()), "it said nothing")
    return ContestantError(f"ended with {code}: {last}", "\n".join(said))


def _peak(usage: resource.struct_rusage) -> int:
    """Peak memory of the largest process as the kernel counts it, which starts at our own size before the exec."""
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage.ru_maxrss * _RSS_UNIT if usage.ru_maxrss > ours else 0
