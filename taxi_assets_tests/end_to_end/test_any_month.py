"""For any month of any dataset in either publication, whatever its faults: no row is lost, doubled or unexplained."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taxi_assets.errors import ContractError
from taxi_assets.model.datasets import DATASETS, Dataset, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.transform.checksums import ChecksumBuilder, Checksums
from taxi_assets.transform.cleaning import CleanedMonth, Tally
from taxi_assets.transform.reading import read_month
from taxi_assets.transform.rules import Profile
from taxi_assets_tests.sample_faults import GROSS_FAULTS, IN_PARQUET_TOO, LEAST_ROWS, write_faulty_sample

pytestmark = pytest.mark.slow

LAST_MONTH = Month(2026, 9)


@dataclass(frozen=True)
class Published:
    """A month as some publisher may serve it."""

    dataset: Dataset
    month: Month
    format: FileFormat
    rows: int
    faults: tuple[str, ...]
    profile: Profile


@st.composite
def published_months(draw: st.DrawFn) -> Published:
    dataset, era = draw(st.sampled_from([(each, era) for each in DATASETS.values() for era in each.layouts]))
    month = era.first + draw(st.integers(0, min(14, LAST_MONTH - era.first)))
    possible = IN_PARQUET_TOO if era.format == "parquet" else GROSS_FAULTS
    faults = draw(st.sets(st.sampled_from(possible)))
    rows = draw(st.integers(LEAST_ROWS if faults else 1, 400))
    return Published(dataset, month, era.format, rows, tuple(sorted(faults)), draw(st.sampled_from(Profile)))


@dataclass(frozen=True)
class Cleaned:
    tally: Tally
    identities: list[int]
    checksums: Checksums


def _clean(published: Published, folder: Path) -> Cleaned:
    path = folder / f"month.{published.format}"
    write_faulty_sample(
        published.dataset,
        published.month,
        path,
        rows=published.rows,
        file_format=published.format,
        faults=published.faults,
    )
    stream = read_month(path, published.format, published.dataset.published_columns)
    month = CleanedMonth(published.dataset, published.month, path.name, stream, published.profile)
    identities: list[int] = []
    sums = ChecksumBuilder()
    for clean, quarantined in month:
        assert clean.schema.equals(month.schema)
        assert all(quarantined["reasons"].to_pylist())
        sums.add(clean)
        identities += [*clean["source_row"].to_pylist(), *quarantined["source_row"].to_pylist()]
    return Cleaned(month.tally, sorted(identities), sums.checksums())


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(published_months())
def test_every_row_of_any_month_is_clean_or_quarantined_once_and_again_the_same(published: Published) -> None:
    with tempfile.TemporaryDirectory() as name:
        try:
            first, second = (_clean(published, Path(name)) for _ in range(2))
        except ContractError as error:
            pytest.fail(f"the sample's faults are all of a kind that can be told row by row: {error}")
    tally = first.tally
    assert tally.raw == published.rows
    assert tally.raw == tally.clean + tally.quarantined + tally.duplicates
    assert first.identities == list(range(published.rows))
    assert first == second


@pytest.mark.parametrize("file_format", ["csv.gz", "parquet"])
@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_the_first_and_the_newest_month_of_every_dataset_are_read(
    dataset: Dataset, file_format: FileFormat, tmp_path: Path
) -> None:
    first = dataset.eras(file_format)[0].first
    for month in (first, LAST_MONTH):
        cleaned = _clean(Published(dataset, month, file_format, 300, (), Profile.DEFAULT), tmp_path)
        assert cleaned.tally.raw == 300
        assert cleaned.tally.clean > 270
