"""What a run's process leaves in the storage, and on its machine, while it lives and after it was killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance

from taxi_assets.automation import run_heartbeat
from taxi_assets.automation.run_heartbeat import Heartbeat, beating, is_locked, lock_file

RUN = "00000000-0000-0000-0000-000000000001"
WORK = """
import sys
from dagster import DagsterInstance
from taxi_assets.automation.run_heartbeat import beating

with DagsterInstance.from_config(sys.argv[1]) as instance, beating(instance, sys.argv[2]):
    print("beating", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def _beats(instance: DagsterInstance) -> int:
    heartbeat = Heartbeat.of(instance, RUN)
    assert heartbeat is not None
    return heartbeat.beats


def test_a_run_beats_and_holds_its_lock_until_it_ends(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_heartbeat, "BEAT_SECONDS", 0.01)
    assert Heartbeat.of(instance, RUN) is None
    with beating(instance, RUN):
        assert is_locked(lock_file(instance, RUN))
        while _beats(instance) < 2:
            pass
    assert is_locked(lock_file(instance, RUN)) is None
    last = _beats(instance)
    assert last >= 2


def test_the_lock_of_a_killed_process_is_free_and_its_heartbeat_tells_which_it_was(
    tmp_path: Path, instance: DagsterInstance
) -> None:
    (tmp_path / "dagster.yaml").write_text("")
    command = [sys.executable, "-c", WORK, str(tmp_path), RUN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert is_locked(lock_file(instance, RUN)) is True
        process.kill()
    assert is_locked(lock_file(instance, RUN)) is False
    heartbeat = Heartbeat.of(instance, RUN)
    assert heartbeat is not None
    assert heartbeat.pid == process.pid


def test_a_run_goes_on_where_no_lock_can_be_had_and_no_beat_be_written(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lock_file(instance, RUN).parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder should be")
    monkeypatch.setattr(Heartbeat, "save", lambda *_: 1 / 0)
    with beating(instance, RUN):
        assert Heartbeat.of(instance, RUN) is None
