"""One measured process: how long it took, what it used, what the Postgres server used on its behalf."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import TreeMemory

_RSS_UNIT = 1 if sys.platform == "darwin" else 1 << 10
_MB = 1_000_000


class ContestantError(RuntimeError):
    """A measured process failed; the message holds the end of what it said."""


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
    """Runs a command to its end; raises ContestantError when it fails. What it says goes to `log`."""
    cpu_before = server_cpu()
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 the contestants are ours
            command, cwd=folder, env=dict(env), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        with TreeMemory(process.pid) if sys.platform == "linux" else nullcontext() as memory:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise ContestantError(f"{' '.join(command)} ended with {process.returncode}:\n{end}")
    largest = max(_peak(usage), memory.largest if memory else 0)
    return Measurement(
        seconds=round(seconds, 3),
        cpu=round(usage.ru_utime + usage.ru_stime, 3),
        server_cpu=round(server_cpu() - cpu_before, 3),
        rss=round(largest / _MB, 1),
        tree_rss=round(max(largest, memory.together if memory else 0) / _MB, 1),
    )


def _peak(usage: resource.struct_rusage) -> int:
    """The largest process by the kernel's count, which starts at our own size: that of the moment before the exec."""
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage.ru_maxrss * _RSS_UNIT if usage.ru_maxrss > ours else 0
