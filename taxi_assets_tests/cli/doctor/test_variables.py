"""What the check-up tells of made-up trips: where they could go, and where they lie beside real ones."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from taxi_assets.cli.doctor import variables
from taxi_assets.settings import Settings


def _hold(home: Path, month: str, publisher: str) -> None:
    folder = home / "lake" / "raw" / "green" / f"trip_month={month}-01"
    folder.mkdir(parents=True)
    (folder / "publication.json").write_text(json.dumps({"publisher": publisher}))


@pytest.mark.parametrize("anywhere", [False, True])
def test_made_up_trips_on_ones_own_server_are_a_problem_unless_they_are_meant(anywhere: bool) -> None:
    settings = Settings(external_postgres=True, gcs_bucket="trips", sample_anywhere=anywhere)
    found = variables.made_up(settings)
    assert found.state == ("warning" if anywhere else "problem")
    assert anywhere or "TAXI_POSTGRES_URL and TAXI_GCS_BUCKET" in found.found
    assert variables.made_up(dataclasses.replace(settings, publisher="tlc")).state == "ok"


def test_made_up_months_beside_real_ones_are_a_warning_that_counts_them(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, publisher="tlc")
    assert variables.made_up(settings).found == "none here"
    for month in ("2020-04", "2020-05"):
        _hold(tmp_path, month, "tlc")
    assert variables.made_up(settings).state == "ok"
    _hold(tmp_path, "2020-06", "sample")
    found = variables.made_up(settings)
    assert (found.state, found.found) == (
        "warning",
        "are stored with published ones, months in the lake: 1 of sample, 2 of tlc",
    )
