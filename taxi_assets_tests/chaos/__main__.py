"""Kills runs and counts what is lost: `python -m taxi_assets_tests.chaos --trials 200 --seed 7`, or `make chaos`."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets_tests.chaos.killing import MONTH, Tally, kill_and_load_again
from taxi_assets_tests.chaos.racing import MONTHS, run_at_once
from taxi_assets_tests.chaos.site import google_site, local_site
from taxi_assets_tests.chaos.stages import AFTER, BEFORE, STAGES
from taxi_assets_tests.servers import bigquery_environment


def main(arguments: list[str]) -> int:
    """Prints the figures, the faults and, last, the line that sums them up; returns 1 if there were faults."""
    parser = argparse.ArgumentParser(prog="python -m taxi_assets_tests.chaos", description=__doc__)
    parser.add_argument("--trials", type=int, default=200, help="how many runs are killed (default: 200)")
    parser.add_argument(
        "--concurrency", type=int, default=0, help="in how many trials runs meet each other (default: 0)"
    )
    parser.add_argument(
        "--google", type=int, help="how many of the trials are with Google's servers (default: a tenth)"
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000), help="for the moments of the kills")
    options = parser.parse_args(arguments)
    google = options.trials // 10 if options.google is None else options.google
    if google and not bigquery_environment.PYTHON.exists():
        print(
            "no trials with Google's servers: python -m taxi_assets_tests.servers.bigquery install makes them possible"
        )
        google = 0
    print(f"seed {options.seed}, {google} trials with Cloud Storage and BigQuery", flush=True)
    started = time.monotonic()
    with TemporaryDirectory(prefix="chaos-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            url = server.start()
            tallies = [
                concurrency(Path(folder), url, options.concurrency, options.seed),
                killing(Path(folder), url, options.trials, options.seed, google),
            ]
        finally:
            server.stop()
    print(f"{time.monotonic() - started:.0f} s")
    for tally in filter(lambda tally: tally.trials, tallies):
        report(tally)
    return any(tally.faults for tally in tallies)


def killing(folder: Path, postgres_url: str, trials: int, seed: int, google: int = 0) -> Tally:
    """The trials in which runs are killed; `google` of them with Cloud Storage and BigQuery."""
    tally = Tally()
    random = Random(seed)  # noqa: S311 it chooses moments
    if trials > google:
        with local_site(folder / "killed", postgres_url, checks=False) as site:
            site.learn(MONTH)
            kill_and_load_again(site, trials - google, random, tally)
    if google:
        with google_site(folder / "google", postgres_url) as site:
            site.learn(MONTH)
            kill_and_load_again(site, google, random, tally)
    return tally


def concurrency(folder: Path, postgres_url: str, trials: int, seed: int) -> Tally:
    """The trials in which runs meet each other."""
    tally = Tally()
    if not trials:
        return tally
    with local_site(folder / "at_once", postgres_url) as site:
        site.learn(*MONTHS)
        run_at_once(site, trials, Random(seed), tally)  # noqa: S311 it chooses moments
    return tally


def report(tally: Tally) -> None:
    """Prints what the trials came to; the last line sums it up."""
    if tally.killed_in:
        print("killed in:", ", ".join(f"{stage} {tally.killed_in[stage]}" for stage in (BEFORE, *STAGES, AFTER)))
    else:
        print(f"longest run {tally.longest:.0f} s, errors without dataset and advice {tally.unclear}")
        for message, count in tally.failures.most_common():
            print(f"  {count} times: {message}")
    print("looks:", ", ".join(f"{place} {count:,}" for place, count in tally.looks.items()))
    for note in tally.notes:
        print(note)
    print(tally)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
