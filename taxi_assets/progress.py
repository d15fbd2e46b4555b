"""How far long work is, said in a line now and then.

What moves rows and bytes counts them here as it goes (`track`), however deep it stands; who runs it says where the
lines go (`report_progress`), else nobody hears of it. Work of less than five seconds is done without a word. Knows
nothing of Dagster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

SECONDS = 5.0
"""Between two lines, and before the first."""
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
    """Says the progress of what works in this block, in this thread, in lines that begin with `title`."""
    token = _LISTENER.set(_Listener(say, title, clock))
    try:
        yield
    finally:
        _LISTENER.reset(token)


class Tracker:
    """Something under way; made by `track`."""

    def __init__(self, doing: str, rows: int | None, size: int | None, listener: _Listener | None) -> None:
        self._doing = doing
        self._totals = (rows, size)
        self._listener = listener
        self._start = self._said_at = listener.clock() if listener else 0.0
        self._done = self._said = (0, 0)

    def update(self, *, rows: int = 0, size: int = 0) -> None:
        """So many rows and bytes are done by now, counted from the beginning. Says so when a line is due."""
        self._done = (max(rows, self._done[0]), max(size, self._done[1]))
        if self._listener is None:
            return
        now = self._listener.clock()
        if now - self._said_at >= SECONDS:
            self._listener.say(f"{self._listener.title}: {self._doing}, {self._facts(now)}")
            self._said_at, self._said = now, self._done

    def _facts(self, now: float) -> str:
        """How much is done, of how much, and how fast since the last line; of uncounted work, how long it has taken."""
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
    """Begins to count work that will come to so many rows and bytes, where that is known."""
    return Tracker(doing, rows, size, _LISTENER.get())
