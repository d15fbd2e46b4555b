"""The check-up as people run it: `taxi-assets doctor`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from taxi_assets.cli.doctor.masking import masked, secrets_in

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
CANARY = "canary-9d2e"
WAIT = 240
"""Seconds: this machine may be so busy that what is there does not answer in the ten that people wait."""


def _doctor(tmp_path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("TAXI_", "GCP_", "DAGSTER_"))}
    environment = {
        **mine,
        "TAXI_HOME": str(tmp_path / "taxi"),
        "DAGSTER_HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-m", "taxi_assets.cli", "doctor", "--wait", str(WAIT)]
    return subprocess.run(
        command, env={**environment, **settings}, cwd=tmp_path, capture_output=True, text=True, check=False
    )


def _states(printed: str) -> dict[str, str]:
    rows = [line for line in printed.splitlines() if line[:7].strip() in {"ok", "warning", "problem", "off"}]
    return {row[9:25].strip(): row[:7].strip() for row in rows}


def test_a_newcomer_s_machine_has_no_problem(tmp_path: Path) -> None:
    done = _doctor(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    states = _states(done.stdout)
    assert {states[about] for about in ("Python", "packages", "settings", "home folder", "publisher", "Postgres")} == {
        "ok"
    }
    assert {states[about] for about in ("bucket", "BigQuery dataset", "alerts")} == {"off"}
    assert done.stdout.endswith("No problems.\n")


def test_a_wrong_setting_is_named_and_the_machine_looked_at_all_the_same(tmp_path: Path) -> None:
    done = _doctor(tmp_path, TAXI_PUBLISHER="tlcc")
    assert done.returncode == 1
    assert "TAXI_PUBLISHER: 'tlcc' is not a publisher" in done.stdout
    assert _states(done.stdout) == {"Python": "ok", "packages": "ok", "history of runs": "ok", "settings": "problem"}


def test_one_problem_does_not_hide_the_others_and_no_secret_is_shown(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = _doctor(
        tmp_path,
        TAXI_HOME=str(tmp_path / "file" / "taxi"),
        TAXI_PUBLISHER=f"http://reader:{CANARY}@127.0.0.1:1/mirror",
        TAXI_POSTGRES_URL=f"postgresql://taxi:{CANARY}@127.0.0.1:1/trips",
        TAXI_ALERT_WEBHOOK=f"https://hooks.example/services/{CANARY}",
    )
    assert done.returncode == 1
    states = _states(done.stdout)
    assert [about for about, state in states.items() if state == "problem"] == ["home folder", "publisher", "Postgres"]
    assert states["alerts"] == "ok"
    assert CANARY not in done.stdout + done.stderr
    assert "3 problems." in done.stdout


@pytest.mark.parametrize(
    "text", ["{url}", "cannot use {url}/x", "password {password}", "meant {meant}", "http://a:pw@h/x"]
)
def test_a_secret_is_masked_wherever_it_stands(text: str) -> None:
    url, password, meant = "postgresql://taxi:can%40ary1@db/trips", "can%40ary1", "can@ary1"
    shown = masked(text.format(url=url, password=password, meant=meant), secrets_in({"TAXI_POSTGRES_URL": url}))
    assert "***" in shown
    assert not any(secret in shown for secret in (password, meant, ":pw@"))


@pytest.mark.parametrize(
    "url", ["host=db user=taxi password='my s3cr3t' dbname=trips", "postgresql:///trips?host=db&password=my%20s3cr3t"]
)
def test_a_password_in_any_form_of_a_url_is_masked(url: str) -> None:
    assert masked("the password is my s3cr3t", secrets_in({"TAXI_POSTGRES_URL": url})) == "the password is ***"


def test_a_short_password_does_not_mask_words() -> None:
    secrets = secrets_in({"TAXI_POSTGRES_URL": "postgresql://taxi:taxi@db/trips"})
    assert masked("taxi on db, postgresql://taxi:taxi@db/trips", secrets) == "taxi on db, ***"


def test_a_env_file_is_obeyed_as_dagster_does_and_what_it_overrides_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TAXI_PUBLISHER=tlcc\nTAXI_ALERT_WEBHOOK=https://hooks.example/{CANARY}\n")
    done = _doctor(tmp_path, TAXI_PUBLISHER="sample")
    assert "TAXI_PUBLISHER: 'tlcc' is not a publisher" in done.stdout
    (tmp_path / ".env").write_text(f"TAXI_PUBLISHER=sample\nTAXI_ALERT_WEBHOOK=https://hooks.example/{CANARY}\n")
    done = _doctor(tmp_path, TAXI_PUBLISHER="tlc", TAXI_ALERT_WEBHOOK="https://hooks.example")
    assert "TAXI_PUBLISHER, TAXI_ALERT_WEBHOOK: set in the environment, and to another value in .env" in done.stdout
    assert _states(done.stdout)["settings"] == "warning"
    assert CANARY not in done.stdout + done.stderr


def test_a_variable_that_is_no_setting_is_named(tmp_path: Path) -> None:
    done = _doctor(tmp_path, TAXI_BUCKET=CANARY)
    assert "TAXI_BUCKET: no setting, and does nothing" in done.stdout
    assert _states(done.stdout)["settings"] == "warning"
    assert done.stdout.endswith(", 1 warning.\n")
    assert CANARY not in done.stdout + done.stderr
