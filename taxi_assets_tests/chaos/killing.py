"""Trials in which the process that loads a month is killed at a random moment, and the month is then loaded again."""

from __future__ import annotations

import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from taxi_assets.model.months import Month
from taxi_assets_tests.chaos.readers import Readers
from taxi_assets_tests.chaos.site import VERSIONS, Site, Version
from taxi_assets_tests.chaos.stages import BEFORE, STAGES
from taxi_assets_tests.chaos.worker import Report

MONTH = Month(2021, 1)


@dataclass
class Tally:
    """What the trials came to; `killed_in` counts the kills by stage, `notes` has a line for each fault.

    `known` are leftovers of earlier trials, each of which is counted once. Where runs may fail, `failures` are their
    messages, `unclear` how many of them do not say what and where, and `longest` the seconds of the longest run.
    """

    trials: int = 0
    lost: int = 0
    doubled: int = 0
    leftovers: int = 0
    reader_anomalies: int = 0
    killed_in: Counter[str] = field(default_factory=Counter)
    looks: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    failures: Counter[str] = field(default_factory=Counter)
    unclear: int = 0
    longest: float = 0.0
    began: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        return (
            f"trials {self.trials}, lost {self.lost}, doubled {self.doubled}, leftovers {self.leftovers}, "
            f"reader anomalies {self.reader_anomalies}"
        )

    @property
    def faults(self) -> int:
        """How many there were of every kind."""
        return self.lost + self.doubled + self.leftovers + self.reader_anomalies + self.unclear

    def note(self, text: str) -> None:
        """Keeps a line about a fault, and prints it when it is found."""
        self.notes.append(text)
        print(text, flush=True)

    def ended(self) -> None:
        """Counts a trial, and says now and then how far it is."""
        self.trials += 1
        if self.trials % 20 == 0:
            print(f"{self}, {time.monotonic() - self.began:.0f} s", flush=True)

    def judge(self, site: Site, month: Month, wanted: Version, moment: str) -> None:
        """Counts the trial by what it left: rows lost, rows doubled, or something that should not be there."""
        wrong = [name for name, read in site.places.at_rest.items() if read(month) != wanted.found[name]]
        wrong += site.differences(month)
        rows = [table.count(month) for table in site.places.tables()]
        everything = site.places.everything(month)
        extra = sorted({*everything, *site.temporary()} - wanted.everything - self.known)
        missing = sorted(wanted.everything - everything)
        if any(count > wanted.rows for count in rows):
            self.doubled += 1
        elif wrong or missing:
            self.lost += 1
        self.leftovers += bool(extra)
        self.known.update(extra)
        for fault, what in (("wrong", wrong), ("missing", missing), ("left over", extra)):
            if what:
                self.note(f"{moment}: {fault}: {', '.join(what)}")


def kill_and_load_again(site: Site, trials: int, random: Random, tally: Tally) -> None:
    """Runs the trials, each on the other version than the one before; every stage has its share of the kills."""
    current = "A"
    for number in range(trials):
        (wanted,) = VERSIONS.keys() - {current}
        stage = STAGES[number % len(STAGES)]
        occurrence = random.randint(1, max(count for name, count in site.durations if name == stage))
        delay = random.uniform(0, site.durations[stage, occurrence])
        site.publish(MONTH, wanted)
        old, new = (site.versions[MONTH, version] for version in (current, wanted))
        readers = Readers(site.places, MONTH, old.found, new.found)
        with readers.watching():
            killed = site.start(MONTH, signal=signal.SIGKILL, stage=stage, occurrence=occurrence, delay=delay).ended()
            moment = f"trial {number}, killed {killed.timeline[-1][0]} {delay * 1000:.0f} ms after {stage} began"
            again = site.run(MONTH)
        _count(tally, killed, again, readers, moment)
        tally.judge(site, MONTH, new, moment)
        tally.ended()
        current = wanted


def _count(tally: Tally, killed: Report, again: Report, readers: Readers, moment: str) -> None:
    tally.killed_in[killed.timeline[-1][0] if killed.timeline else BEFORE] += 1
    tally.looks += readers.looks
    if readers.anomalies:
        tally.reader_anomalies += 1
        tally.note(f"{moment}: readers: {'; '.join(sorted(set(readers.anomalies)))}")
    if not again.success:
        tally.note(f"{moment}: the run after it failed: {'; '.join(again.failures)}")
