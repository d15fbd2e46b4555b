"""The tests that are run elsewhere are there: one that was renamed would be run nowhere but here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from taxi_assets_tests.elsewhere.__main__ import QUICK, TESTS


@pytest.mark.slow
def test_pytest_finds_every_test_that_is_run_elsewhere() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *(str(TESTS / each) for each in QUICK)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
