"""What the kernel says of running processes (Linux, /proc): the memory of a tree, the CPU seconds of a server.

Not by psutil: it finds children by reading the status of every process of the machine (with 180 of them 4.7 ms of CPU a
sample, 0.1 ms here; 20 samples a second would show in the figures), and it does not know a process's peak.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from types import TracebackType

SAMPLE_SECONDS = 0.05
_TICKS = os.sysconf("SC_CLK_TCK")
_GONE = (FileNotFoundError, ProcessLookupError)
_PROC = Path("/proc")


@dataclass
class TreeMemory:
    """Samples the memory of a process and its descendants, in bytes, while the block lasts.

    `together`: the largest sum over the tree at one moment, pages that processes share counted once for each.
    `largest`: the peak of the largest process.
    """

    root: int
    together: int = 0
    largest: int = 0
    _done: Event = field(default_factory=Event)

    def __enter__(self) -> TreeMemory:
        self._thread = Thread(target=self._watch, name="memory", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            sizes = [_memory(pid) for pid in tree(self.root)]
            self.together = max(self.together, sum(now for now, _ in sizes))
            self.largest = max([self.largest, *(peak for _, peak in sizes)])


def tree(root: int) -> list[int]:
    """The process and its living descendants. One that moved to another parent, such as a daemon, is not among them."""
    found = [root]
    for pid in found:
        found += _children(pid)
    return found


def cpu_seconds(root: int) -> float:
    """CPU seconds of a process, its living descendants, and those of its descendants that have ended."""
    total = 0
    for pid in tree(root):
        with suppress(*_GONE):
            # After the name, which may hold anything: state, ppid, …; the 12th to 15th are CPU times in ticks.
            fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
    return total / _TICKS


def _children(pid: int) -> list[int]:
    children: list[int] = []
    with suppress(*_GONE):
        for thread in (_PROC / str(pid) / "task").iterdir():
            with suppress(*_GONE):
                children += map(int, (thread / "children").read_text().split())
    return children


def _memory(pid: int) -> tuple[int, int]:
    """Resident bytes of a process: now, and at its peak so far."""
    with suppress(*_GONE):
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
        facts = dict(line.split(":", 1) for line in lines)
        if "VmRSS" in facts:  # a zombie has none
            return _bytes(facts["VmRSS"]), _bytes(facts["VmHWM"])
    return 0, 0


def _bytes(text: str) -> int:
    return int(text.split(maxsplit=1)[0]) << 10
