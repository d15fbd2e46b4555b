"""The command: runs the quick part of the suite in each place, and reports what passed and what was left out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from taxi_assets_tests.elsewhere.clock import Clock, NoClockError
from taxi_assets_tests.elsewhere.places import PLACES, Place, is_spoken

TESTS = Path(__file__).parents[1]
QUICK = (
    "model/test_months.py",
    "test_partitions.py",
    "transform/test_cleaning.py",
    "transform/test_daily.py",
    "metadata/chart/test_page.py",
    "test_atomic_files.py",
    "publishers/test_publishers.py::test_403_for_a_recent_month_means_not_published_yet",
    "publishers/test_publishers.py::test_403_for_an_old_month_means_that_there_is_none",
    "automation/test_publication_sensor.py::test_a_published_month_is_asked_for_and_no_other",
    "automation/test_publication_sensor.py::test_the_sample_publisher_has_the_newest_half_year_at_once",
    "automation/test_publication_sensor.py::test_a_run_that_failed_is_tried_again_later_and_a_better_file_at_once",
    "automation/test_schedules.py::test_the_newest_month_is_asked_for_once_it_is_published",
    "checks/test_freshness.py::test_a_newest_month_that_is_in_no_table_is_a_warning_until_it_is_loaded",
    "end_to_end/test_path_of_a_month.py"
    "::test_every_published_row_is_clean_or_quarantined_and_every_clean_row_is_everywhere",
)
"""What looks at the date, at files or at text; and whole months, into local places."""
PYTEST = "import locale, sys, pytest; locale.setlocale(locale.LC_ALL, ''); sys.exit(pytest.main())"
"""pytest in a process that speaks the language of its environment, its decimal comma too, as programs written in C do
and Python by itself does not.
"""


@dataclass(frozen=True)
class Outcome:
    """What became of the tests in a place; `left_out` names what the machine lacks for it."""

    place: Place
    passed: bool
    left_out: tuple[str, ...]

    def __str__(self) -> str:
        without = "".join(f"\n        LEFT OUT: {each}" for each in self.left_out)
        return f"{'passed' if self.passed else 'FAILED'}  {self.place}{without}"


def main(tests: list[str]) -> int:
    """Runs `tests` (pytest's arguments), or the quick ones, in every place. Returns 1 if any failed."""
    chosen = tests or [str(TESTS / each) for each in QUICK]
    with TemporaryDirectory() as folder:
        try:
            clock, no_clock = Clock.build(Path(folder)), ""
        except NoClockError as error:
            clock, no_clock = None, str(error)
        outcomes = [_run(place, chosen, clock, no_clock) for place in PLACES]
    print("\nThe tests elsewhere:", *outcomes, sep="\n")
    return int(not all(outcome.passed for outcome in outcomes))


def _run(place: Place, tests: list[str], clock: Clock | None, no_clock: str) -> Outcome:
    left_out = [f"the date, so it was today's: {no_clock}"] if clock is None else []
    env = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    env |= {"TZ": place.zone, "LANG": place.language} | (clock.env(place.seconds) if clock else {})
    if not is_spoken(place.language):
        left_out.append(f"the language, so it was C: no locale {place.language} (apt install locales; localedef)")
        env["LANG"] = "C"
    print(f"\n== {place}", *left_out, sep="\n   without ", flush=True)
    # Its own cache: which tests failed last is a matter of one place.
    command = [sys.executable, "-c", PYTEST, "-q", "-p", "no:cacheprovider", "-W", "ignore", *tests]
    started = time.monotonic()
    done = subprocess.run(command, env=env, umask=place.umask, check=False)
    print(f"   {time.monotonic() - started:.0f} s")
    return Outcome(place, done.returncode == 0, tuple(left_out))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
