"""Runs of one month and of neighbours at once, a stale one and long readers among them; one trial of each kind.

`make concurrency` has fifty.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from taxi_assets_tests.chaos.__main__ import concurrency


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.fault(20, 21)
def test_runs_that_meet_leave_one_copy_wait_in_bounds_and_fail_in_clear_words(
    tmp_path: Path, postgres_url: str
) -> None:
    tally = concurrency(tmp_path, postgres_url, trials=5, seed=2009)
    assert str(tally) == "trials 5, lost 0, doubled 0, leftovers 0, reader anomalies 0", "\n".join(tally.notes)
    assert tally.unclear == 0, "\n".join(tally.notes)
