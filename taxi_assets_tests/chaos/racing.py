"""Trials in which several processes load one month or neighbours at once, one of them stale, beside long readers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import BinaryIO

import psycopg
from psycopg.sql import SQL, Identifier

from taxi_assets_tests.chaos.fleet import Run
from taxi_assets_tests.chaos.killing import MONTH, Tally
from taxi_assets_tests.chaos.readers import Readers
from taxi_assets_tests.chaos.site import VERSIONS, Site
from taxi_assets_tests.chaos.stages import STAGES
from taxi_assets_tests.chaos.worker import Report

MONTHS = (MONTH, MONTH + 1)
_HOLD_SECONDS = 2.0
_SHELL = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(flush=True); sys.stdin.read()"


def run_at_once(site: Site, trials: int, random: Random, tally: Tally) -> None:
    """Runs the trials, a kind after the other. Every place must be whole at every moment; at the end of each trial all
    places must have one version, and the published one after one more run.
    """
    kinds = (_same_month, _neighbours, _stale, _replaced_under_a_stale_one, _long_readers)
    current = "A"
    for number in range(trials):
        kind = kinds[number % len(kinds)]
        (wanted,) = VERSIONS.keys() - {current}
        readers = Readers(
            site.places, MONTH, site.versions[MONTH, current].found, site.versions[MONTH, wanted].found, may_return=True
        )
        moment = f"trial {number}, {kind.__name__.strip('_').replace('_', ' ')}"
        with readers.watching():
            reports = [run.ended() for run in kind(site, wanted, random)]
        tally.looks += readers.looks
        _judge(site, reports, readers, tally, moment)
        for month in MONTHS if kind is _neighbours else [MONTH]:
            site.publish(month, wanted)
            again = site.run(month)
            if not again.success:
                tally.note(f"{moment}: the run after it failed: {'; '.join(again.failures)}")
            tally.judge(site, month, site.versions[month, wanted], f"{moment}, {month}")
        tally.ended()
        current = wanted


def _judge(site: Site, reports: list[Report], readers: Readers, tally: Tally, moment: str) -> None:
    """Counts what the runs of a trial left before they are followed by another."""
    if readers.anomalies:
        tally.reader_anomalies += 1
        tally.note(f"{moment}: readers: {'; '.join(sorted(set(readers.anomalies)))}")
    for report in reports:
        tally.longest = max(tally.longest, report.seconds)
        for message in report.failures:
            tally.failures[message.partition("\n")[0]] += 1
            if not _is_clear(message, site.dataset.name):
                tally.unclear += 1
                tally.note(f"{moment}: unclear: {message}")
    found = {name: read(MONTH) for name, read in site.places.readers.items()}
    versions = [
        version
        for version in VERSIONS
        if all(site.versions[MONTH, version].found[name] == found[name] for name in found)
    ]
    if not versions and all(report.success for report in reports):
        tally.lost += 1
        mixed = {
            name: next((v for v in VERSIONS if site.versions[MONTH, v].found[name] == each), "neither")
            for name, each in found.items()
        }
        tally.note(f"{moment}: all runs succeeded, and the places differ: {mixed}")


def _is_clear(message: str, dataset: str) -> bool:
    """Whether an error names month, asset and whether to retry; or the check that an overtaken copy fails."""
    ours = message.startswith(f"{dataset} 20") and "retry" in message
    return ours or ("blocking asset check failed" in message and f"\n{dataset}/" in message)


def _same_month(site: Site, wanted: str, random: Random) -> list[Run]:
    """2 to 4 processes on one month; the publisher replaces it after the first has begun."""
    runs = [site.start(MONTH)]
    time.sleep(random.uniform(0, sum(site.durations.values())))
    site.publish(MONTH, wanted)
    return [*runs, *(site.start(MONTH) for _ in range(random.randint(1, 3)))]


def _neighbours(site: Site, wanted: str, random: Random) -> list[Run]:
    """2 to 4 processes on two months that share the tables."""
    for month in MONTHS:
        site.publish(month, wanted)
    return [site.start(month) for month in (*MONTHS, *MONTHS)[: random.randint(2, 4)]]


def _stale(site: Site, wanted: str, random: Random) -> list[Run]:
    """A process is stopped somewhere, another loads the month, and the first one goes on."""
    site.publish(MONTH, wanted)
    return _stopped_beside_another(site, random, lambda: None)


def _replaced_under_a_stale_one(site: Site, wanted: str, random: Random) -> list[Run]:
    """The same, and the publisher replaces the month before the other process begins."""
    return _stopped_beside_another(site, random, lambda: site.publish(MONTH, wanted))


def _stopped_beside_another(site: Site, random: Random, meanwhile: Callable[[], None]) -> list[Run]:
    stage, occurrence = random.choice([key for key in site.durations if key[0] in STAGES])
    delay = random.uniform(0, site.durations[stage, occurrence])
    stale = site.start(MONTH, signal=signal.SIGSTOP, stage=stage, occurrence=occurrence, delay=delay)
    stopped = stale.stopped()
    meanwhile()
    other = site.start(MONTH)
    # A stopped process may hold a lock that the other waits for: then it goes on before the other is through.
    other.wait(_HOLD_SECONDS + 2 * sum(site.durations.values()))
    if stopped.event == "stopped":
        os.kill(stopped.pid, signal.SIGCONT)
    return [stale, other]


def _long_readers(site: Site, wanted: str, random: Random) -> list[Run]:
    """A transaction on the month in Postgres, a connection to DuckDB and an open Parquet file, for some seconds."""
    path = site.places.lake.clean_file(site.dataset, MONTH)
    before = path.read_bytes()
    with path.open("rb") as file, _reading_postgres(site) as still_the_same, _reading_duckdb(site):
        site.publish(MONTH, wanted)
        runs = [site.start(MONTH) for _ in range(random.randint(1, 2))]
        time.sleep(_HOLD_SECONDS + sum(site.durations.values()))
        still_the_same()
        _assert_same(before, file)
    return runs


def _assert_same(before: bytes, file: BinaryIO) -> None:
    if file.read() != before:
        raise AssertionError("an open file has changed under its reader")


@contextmanager
def _reading_postgres(site: Site) -> Iterator[Callable[[], None]]:
    """A transaction that has read the month; calling what it yields reads the month again."""
    query = SQL("SELECT count(*), sum(source_row) FROM {} WHERE trip_month = {}").format(
        Identifier(site.places.schema, site.dataset.table), MONTH.key
    )
    with psycopg.connect(site.places.url) as connection:
        before = connection.execute(query).fetchone()

        def still_the_same() -> None:
            if connection.execute(query).fetchone() != before:
                raise AssertionError("a transaction has seen two versions of the month")

        yield still_the_same


@contextmanager
def _reading_duckdb(site: Site) -> Iterator[None]:
    """Another program that has the warehouse open."""
    command = [sys.executable, "-c", _SHELL, str(site.places.home / "warehouse.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        if shell.stdin is None or shell.stdout is None:
            raise RuntimeError("the shell has no pipes")
        shell.stdout.readline()
        yield
        shell.stdin.close()
