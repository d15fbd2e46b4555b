"""Under the clock a process sees another date, and waits no longer than without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from taxi_assets_tests.elsewhere.clock import Clock, NoClockError
from taxi_assets_tests.elsewhere.places import PLACES

START = datetime(2028, 2, 29, 12, tzinfo=UTC).timestamp()
PROGRAM = """
import json, os, subprocess, sys, threading, time
from pathlib import Path

begin = time.monotonic()
time.sleep(0.1)
threading.Event().wait(0.1)
waited = time.monotonic() - begin
new = Path("new")
new.touch()
written = new.stat().st_mtime
os.utime(new, (written - 3600, written + 3600))
child = subprocess.run(["date", "+%s"], capture_output=True, text=True, check=True).stdout
print(json.dumps({
    "now": time.time(), "waited": waited, "written": written, "set": new.stat().st_mtime - written,
    "old": Path("old").stat().st_mtime, "child": float(child),
}))
"""


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    try:
        return Clock.build(tmp_path)
    except NoClockError as error:
        pytest.skip(str(error))


def test_dates_move_and_waiting_does_not(clock: Clock, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.touch()
    os.utime(old, (1e9, 1e9))
    env = {**os.environ, **clock.env(START)}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    for moment in ("now", "written", "child"):
        assert START <= found[moment] + 1 < START + 60
    assert 0.2 <= found["waited"] < 60
    assert found["set"] == pytest.approx(3600, abs=0.001)
    assert found["old"] == 1e9


def test_a_place_s_moment_is_by_its_own_clocks() -> None:
    utc = [datetime.fromtimestamp(place.seconds, UTC).isoformat(" ", "minutes")[:16] for place in PLACES]
    assert utc == ["2027-02-28 19:00", "2028-02-28 20:00", "2030-01-01 05:00", "2026-12-31 23:59"]
