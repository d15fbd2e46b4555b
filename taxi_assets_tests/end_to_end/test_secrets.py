"""No secret of a setting is printed, recorded or shown, be the setting right or wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CANARY = "s3cr3t-canary"
SETTINGS = {
    "a server that cannot be reached": {"TAXI_POSTGRES_URL": f"postgresql://u:{CANARY}@127.0.0.1:1/db"},
    "a URL that is malformed": {"TAXI_POSTGRES_URL": f"postgresql://u:{CANARY}@x@127.0.0.1:1/db"},
    "a URL of another database": {"TAXI_POSTGRES_URL": f"mysql://u:{CANARY}@127.0.0.1:1/db"},
    "a webhook that is no URL": {"TAXI_ALERT_WEBHOOK": f"hooks.slack.com/{CANARY}"},
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.fault(40)
def test_a_secret_is_neither_printed_nor_recorded_by_a_run_that_fails(setting: str, tmp_path: Path) -> None:
    left_out = ("TAXI_", "GCP_", "DAGSTER_")
    mine = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    history = tmp_path / "history"
    history.mkdir()
    (history / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    environment = {
        **mine,
        **SETTINGS[setting],
        "DAGSTER_HOME": str(history),
        "TAXI_HOME": str(tmp_path / "taxi"),
        "TAXI_SAMPLE_ANYWHERE": "true",
        "TAXI_SAMPLE_ROWS": "100",
        "PYTHONPATH": str(ROOT),
    }
    job = ["-m", "dagster", "job", "execute", "-m", "taxi_assets.definitions", "-j", "green_trips"]
    run = subprocess.run(
        [sys.executable, *job, "--tags", '{"dagster/partition": "2020-04-01"}'],
        cwd=tmp_path,
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    doctor = subprocess.run(
        [sys.executable, "-m", "taxi_assets.cli", "doctor"],
        cwd=tmp_path,
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert run.returncode != 0
    assert CANARY not in run.stdout + run.stderr + doctor.stdout + doctor.stderr
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
