"""Readers that look at every place again and again, and note whatever is neither the one version nor the other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from taxi_assets.model.months import Month
from taxi_assets_tests.chaos.places import Found, LocalPlaces

_PAUSE = 0.05
_PAUSES = {"warehouse": 0.25, "marts": 0.25}
"""Seconds between two looks: more of them would slow down the runs, and a look into DuckDB keeps them waiting."""


@dataclass
class Readers:
    """One thread for each place. `looks` counts what was read, by place; `anomalies` says what should not have been.

    A month may change from `old` to `new` once, and back only if it `may_return`.
    """

    places: LocalPlaces
    month: Month
    old: Mapping[str, Found]
    new: Mapping[str, Found]
    may_return: bool = False
    looks: Counter[str] = field(default_factory=Counter)
    anomalies: list[str] = field(default_factory=list)
    _changed: set[str] = field(default_factory=set)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watches all places until the block ends."""
        done = Event()
        threads = [Thread(target=self._watch, args=(name, done)) for name in self.places.readers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            done.set()
            for thread in threads:
                thread.join()

    def look(self) -> None:
        """Looks at each place once."""
        for name, read in self.places.readers.items():
            self._look(name, read)

    def _watch(self, name: str, done: Event) -> None:
        while not done.is_set():
            self._look(name, self.places.readers[name])
            time.sleep(_PAUSES.get(name, _PAUSE))

    def _look(self, name: str, read: Callable[[Month], Found]) -> None:
        changed = name in self._changed
        try:
            found = read(self.month)
        except Exception as error:  # noqa: BLE001 whatever a reader meets is to be told
            found = f"{type(error).__name__}: {error}"
        if found is None:
            return
        self.looks[name] += 1
        if found == self.new[name]:
            self._changed.add(name)
        elif found != self.old[name]:
            self.anomalies.append(f"{name}: {found}")
        elif changed and not self.may_return:
            self.anomalies.append(f"{name}: the old month again after the new one")
