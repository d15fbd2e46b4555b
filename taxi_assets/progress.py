"""Progress of long work, in a log line every few seconds.

Code that moves rows and bytes counts them as it goes (`track`), at any depth; its caller says where the lines go
(`report_progress`), or there are none. Work of less than five seconds logs nothing. Independent of Dagster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

SECONDS = 5.0
"""The shortest time between two lines, and before the first."""
_MB = 1_000_000


@dataclass(frozen=True)
class _Listener:
    say: Callable[[str], None]
    title: str
    clock: Callable[[], float]


_LISTENER: ContextVar[_Listener | None] = ContextVar("listener", default=None)


@contextmanager
def report_progress(
    say: Callable[[str], None], title: str, clock: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """Passes the progress of the work in this block, in this thread, to `say`: lines that begin with `title`."""
    token = _LISTENER.set(_Listener(say, title, clock))
    try:
        yield
    finally:
        _LISTENER.reset(token)


class Tracker:
    """Counts work that is under way, and reports it; made by `track`."""

    def __init__(self, doing: str, rows: int | None, size: int | None, listener: _Listener | None) -> None:
        self._doing = doing
        self._totals = (rows, size)
        self._listener = listener
        self._start = self._said_at = listener.clock() if listener else 0.0
        self._done = self._said = (0, 0)

    def update(self, *, rows: int = 0, size: int = 0) -> None:
        """Takes the rows and bytes that are done, counted from the beginning, and reports them when a line is due."""
        self._done = (max(rows, self._done[0]), max(size, self._done[1]))
        if self._listener is None:
            return
        now = self._listener.clock()
        if now - self._said_at >= SECONDS:
            self._listener.say(f"{self._listener.title}: {self._doing}, {self._facts(now)}")
            self._said_at, self._said = now, self._done

    def _facts(self, now: float) -> str:
        """The amounts done, their totals, and the speed since the last line; for uncounted work, its seconds so far."""
        (rows, size), (rows_said, size_said), (all_rows, all_size) = self._done, self._said, self._totals
        shares = [min(done / all_, 1) for done, all_ in zip(self._done, self._totals, strict=True) if all_]
        amounts, speeds = [f"{share:.0%}" for share in shares], []
        seconds = max(now - self._said_at, 0.001)
        if rows:
            of_all = f" of {all_rows:,}" if all_rows else ""
            amounts.append(f"{rows:,}{of_all} rows")
            speeds.append(f"{(rows - rows_said) / seconds:,.0f} rows/s")
        if size:
            of_all = f" of {all_size / _MB:,.1f}" if all_size else ""
            amounts.append(f"{size / _MB:,.1f}{of_all} MB")
            speeds.append(f"{(size - size_said) / seconds / _MB:,.1f} MB/s")
        return ", ".join([*amounts, *speeds] or [f"{now - self._start:.0f} s"])


def track(doing: str, *, rows: int | None = None, size: int | None = None) -> Tracker:
    """Starts to count work; `rows` and `size` (bytes) are its totals, where they are known."""
    return Tracker(doing, rows, size, _LISTENER.get())
