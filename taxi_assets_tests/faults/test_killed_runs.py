"""Runs killed at random moments lose nothing, double nothing and leave nothing, and no reader notices; a few of them.

`make chaos` kills hundreds.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from taxi_assets_tests.chaos.__main__ import killing


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.fault(14, 15, 16, 17)
def test_killed_runs_are_followed_by_one_copy_everywhere(tmp_path: Path, postgres_url: str) -> None:
    tally = killing(tmp_path, postgres_url, trials=15, seed=2009)
    assert str(tally) == "trials 15, lost 0, doubled 0, leftovers 0, reader anomalies 0", "\n".join(tally.notes)
    assert len(tally.killed_in) > 5
    assert min(tally.looks.values()) > 15
