"""What the check-up says where Dagster's history should be in Postgres, and cannot be reached; nothing secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from taxi_assets.cli.doctor import machine
from taxi_assets.cli.doctor.findings import Finding, Question, findings
from taxi_assets.settings import HISTORY_URL

DEPLOY = Path(__file__).parents[3] / "deploy"
CANARY = "canary-5b2e"


def _history(environment: Mapping[str, str]) -> Finding:
    asked = Question("history of runs", lambda: machine.history({"DAGSTER_HOME": str(DEPLOY), **environment}))
    [(_, finding)] = findings([asked])
    return finding


def test_a_history_without_its_url_is_a_problem_that_says_how_a_laptop_has_it() -> None:
    found = _history({})
    assert found.state == "problem"
    assert f"{HISTORY_URL} is not set" in found.found
    assert "STORAGE=postgres" in found.advice


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql+psycopg2://nobody:{CANARY}@127.0.0.1:1/none", "cannot be used"),
        (f"postgresql://nobody:{CANARY}@127.0.0.1:1/none?no=such", "cannot be read"),
    ],
)
def test_a_history_out_of_reach_is_a_problem_that_tells_no_password(url: str, said: str) -> None:
    found = _history({HISTORY_URL: url})
    assert found.state == "problem"
    assert said in found.found
    assert HISTORY_URL in found.found + found.advice
    assert CANARY not in found.found + found.advice
