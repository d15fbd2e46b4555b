"""Which type an input gets is told by its annotation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from taxi_assets.errors import TaxiError
from taxi_assets.io_managers.loading import load_files_as
from taxi_assets.transform.month_file import MonthFile, MonthFiles
from taxi_assets_tests.destinations.month_files import JANUARY, month_files


@pytest.fixture
def files(tmp_path: Path) -> MonthFiles:
    return month_files(tmp_path, JANUARY, 10)


def test_files_are_given_as_they_are(files: MonthFiles) -> None:
    assert load_files_as(MonthFiles, files) is files
    assert load_files_as(Any, files) is files  # what Dagster gives where there is no annotation
    assert load_files_as(MonthFile, files) is files.clean


@pytest.mark.parametrize("wanted", [pd.DataFrame, pa.RecordBatchReader, ds.Dataset, ds.FileSystemDataset])
def test_rows_are_given_as_the_type_asked_for(files: MonthFiles, wanted: type) -> None:
    assert isinstance(load_files_as(wanted, files), wanted)


class DataFrame:
    """Some other library's."""


@pytest.mark.parametrize("wanted", [DataFrame, dict, ds.InMemoryDataset, int | None])
def test_another_type_is_refused_with_those_that_can_be_had(files: MonthFiles, wanted: type) -> None:
    with pytest.raises(TaxiError, match="cannot be loaded as") as raised:
        load_files_as(wanted, files)
    assert "Annotate the input as MonthFiles, MonthFile, Checksums, pyarrow.RecordBatchReader" in raised.value.advice
    assert raised.value.advice.endswith("or pandas.DataFrame.")
