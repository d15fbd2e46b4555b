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
from taxi_assets_tests.chaos.site import local_site
from taxi_assets_tests.chaos.stages import AFTER, BEFORE, STAGES


def main(arguments: list[str]) -> int:
    """Prints the figures, the faults and, last, the line that sums them up; returns 1 if there were faults."""
    parser = argparse.ArgumentParser(prog="python -m taxi_assets_tests.chaos", description=__doc__)
    parser.add_argument("--trials", type=int, default=200, help="how many runs are killed (default: 200)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000), help="for the moments of the kills")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    started = time.monotonic()
    with TemporaryDirectory(prefix="chaos-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            tally = killing(Path(folder), server.start(), options.trials, options.seed)
        finally:
            server.stop()
    print(f"{time.monotonic() - started:.0f} s")
    report(tally)
    return any((tally.lost, tally.doubled, tally.leftovers, tally.reader_anomalies))


def killing(folder: Path, postgres_url: str, trials: int, seed: int) -> Tally:
    """The trials with everything on this machine."""
    tally = Tally()
    with local_site(folder / "local", postgres_url) as site:
        site.learn(MONTH)
        kill_and_load_again(site, trials, Random(seed), tally)  # noqa: S311 it chooses moments
    return tally


def report(tally: Tally) -> None:
    """Prints what the trials came to; the last line sums it up."""
    print("killed in:", ", ".join(f"{stage} {tally.killed_in[stage]}" for stage in (BEFORE, *STAGES, AFTER)))
    print("looks:", ", ".join(f"{place} {count:,}" for place, count in tally.looks.items()))
    for note in tally.notes:
        print(note)
    print(tally)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
