"""A new folder's history, made by several first runs that start at the same moment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dagster import DagsterInstance

ROOT = Path(__file__).parents[2]
PROCESSES = 6
# All wait for each other, so that they open the storage in the same moment.
OPEN = """
import sys
from dagster import DagsterInstance, DagsterRun

print("ready", flush=True)
sys.stdin.readline()
with DagsterInstance.from_config(sys.argv[1]) as instance:
    instance.run_storage.add_run(DagsterRun("yellow_trips"))
"""


@pytest.mark.slow
def test_six_first_runs_at_once_in_a_new_folder_all_find_a_whole_history(tmp_path: Path) -> None:
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    command = [sys.executable, "-c", OPEN, str(tmp_path)]
    processes = [
        subprocess.Popen(
            command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, said


def test_the_history_of_the_root_instance_is_where_it_always_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.get_runs() == []
    assert (tmp_path / ".dagster" / "history" / "runs.db").exists()
    assert (tmp_path / ".dagster" / "history" / "runs" / "index.db").exists()
    assert (tmp_path / ".dagster" / "schedules" / "schedules.db").exists()
