"""A run that was stopped while another loaded a newer file puts nothing old in the place of what is new."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

from taxi_assets.assets import common
from taxi_assets.atomic_files import copy_to
from taxi_assets.errors import TaxiError
from taxi_assets.io_managers import clean_parquet
from taxi_assets.settings import Settings
from taxi_assets.transform import writing
from taxi_assets.transform.month_file import MonthFile
from taxi_assets_tests.destinations.month_files import JANUARY, month_files
from taxi_assets_tests.helpers.run_month import failure, rows, run_month


@pytest.mark.slow
@pytest.mark.fault(21)
def test_a_run_that_cleans_a_file_replaced_meanwhile_leaves_the_newer_month_and_says_why(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other run comes when the first has cleaned all rows and has not put them in their place yet."""
    newer = dataclasses.replace(settings, sample_rows=2_500)
    write_both = writing.write_both

    def overtaken(*arguments: Any) -> None:
        write_both(*arguments)
        monkeypatch.setattr(clean_parquet, "write_both", write_both)
        run_month(newer, "green", "2020-04")

    monkeypatch.setattr(clean_parquet, "write_both", overtaken)
    monkeypatch.setattr(common, "RETRIES", None)  # its retry would clean the newer file
    result = run_month(settings, "green", "2020-04", raises=False)
    message = failure(result, "clean_trips")
    assert "green 2020-04, clean_trips: Another run has replaced the published file" in message
    counts = rows(settings, "green", "2020-04")
    assert counts["published"] == 2_500
    assert counts["clean"] == counts["bucket"] == counts["warehouse"] == counts["Postgres"]


@pytest.mark.fault(21)
def test_a_file_replaced_since_it_was_opened_is_not_read_with_the_facts_of_the_old_one(tmp_path: Path) -> None:
    path = month_files(tmp_path, JANUARY, 10).clean.path
    assert path is not None
    opened = MonthFile.local(path)
    assert opened.batches().read_all().num_rows == 10
    newer = month_files(tmp_path, JANUARY, 20).clean.path
    assert newer is not None
    os.utime(newer, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    copy_to(newer, path)
    with pytest.raises(TaxiError, match=r"Another run has replaced .*\.parquet") as raised:
        opened.batches().read_all()
    assert raised.value.retry
    assert MonthFile.local(path).batches().read_all().num_rows == 20
