"""A dataset is one record: a part that is forgotten, or does not fit, is named before anything is made for it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from taxi_assets.build import build_definitions
from taxi_assets.model.columns import OURS
from taxi_assets.model.datasets import DATASETS, GREEN_TAXI, NEEDED_COLUMNS, Dataset, register
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.trips import TripMaker, maker_of
from taxi_assets.settings import Settings

PARTS = [part.name for part in fields(Dataset)]
NO_MAKER = 5


def _parts(**changed: Any) -> dict[str, Any]:
    """The parts of a dataset with the columns of green taxis, some of them others."""
    parts = {name: getattr(GREEN_TAXI, name) for name in PARTS}
    return parts | {"name": "shared", "title": "Shared rides", "table": "shared_rides"} | changed


def _without_column(name: str) -> list[Any]:
    return [column for column in GREEN_TAXI.columns if column.name != name]


@pytest.mark.parametrize("part", [part for part in PARTS if part != "name"])
def test_a_forgotten_part_is_named_with_its_dataset(part: str) -> None:
    parts = _parts()
    del parts[part]
    with pytest.raises(ValueError, match=f"Dataset shared: {part} is missing"):
        Dataset(**parts)


def test_a_forgotten_name_is_named() -> None:
    parts = _parts()
    del parts["name"]
    with pytest.raises(ValueError, match="name is missing"):
        Dataset(**parts)


def test_all_forgotten_parts_are_named_at_once() -> None:
    with pytest.raises(
        ValueError, match=r"Dataset shared: title is missing; first_month is missing; .* sample is miss"
    ):
        Dataset(name="shared")


@pytest.mark.parametrize("column", [*NEEDED_COLUMNS, *(column.name for column in OURS)])
def test_a_column_that_every_dataset_needs_is_named(column: str) -> None:
    with pytest.raises(ValueError, match=f"Dataset shared: columns lacks {column}"):
        Dataset(**_parts(columns=_without_column(column)))


@pytest.mark.parametrize(
    ("part", "value", "problem"),
    [
        ("name", "Shared rides", "name is 'Shared rides', and must be of the letters a to z"),
        ("table", "shared-rides", "table is 'shared-rides'"),
        ("columns", (*GREEN_TAXI.columns, GREEN_TAXI.columns[0]), "two columns of the same name"),
        ("layouts", GREEN_TAXI.eras("csv.gz"), "layouts has none in Parquet"),
        ("layouts", GREEN_TAXI.eras("parquet"), "layouts does not reach back to first_month, 2013-08"),
        ("measures", {"price": "fare_amount"}, "measures has price, which is none of passengers, miles"),
        ("measures", {"fare": "price"}, "measures names price, which columns lacks"),
        ("control_months", {"parquet": Month(2023, 1)}, "control_months has none for csv.gz"),
    ],
)
def test_a_part_that_does_not_fit_is_named(part: str, value: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=r"^Dataset ") as raised:
        Dataset(**_parts(**{part: value}))
    assert problem in str(raised.value)


@pytest.mark.parametrize("part", ["name", "table"])
def test_a_name_or_a_table_that_is_taken_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match=f"its {part}, {getattr(GREEN_TAXI, part)}, is taken"):
        register(Dataset(**_parts(**{part: getattr(GREEN_TAXI, part)})))
    assert "shared" not in DATASETS


@pytest.mark.parametrize(
    ("sample", "error"),
    [
        ("taxi_assets.publishers.sample.shared:TRIPS", "which is not there: No module named"),
        ("taxi_assets.publishers.sample.taxis:SHARED_TRIPS", "which is not there: .*SHARED_TRIPS"),
        (f"{__name__}:NO_MAKER", "which is no TripMaker"),
    ],
)
def test_definitions_do_not_load_without_a_maker_of_sample_trips(
    sample: str, error: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DATASETS, "shared", Dataset(**_parts(sample=sample)))
    with pytest.raises((ValueError, TypeError), match=f"Dataset shared: sample is '{sample}', {error}"):
        build_definitions(settings)


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_every_dataset_has_a_maker_and_a_layout_of_its_first_month(dataset: Dataset) -> None:
    assert isinstance(maker_of(dataset), TripMaker)
    assert min(dataset.layouts, key=lambda era: era.first).first <= dataset.first_month


def test_the_layout_of_a_month_is_the_last_that_has_begun() -> None:
    assert GREEN_TAXI.layout(Month(2024, 12), "parquet").first == Month(2023, 2)
    assert GREEN_TAXI.layout(Month(2025, 1), "parquet").first == Month(2025, 1)
    with pytest.raises(LookupError, match="no layout of green as parquet reaches back to 2013-12"):
        GREEN_TAXI.layout(Month(2013, 12), "parquet")


def test_layouts_may_be_given_in_any_order() -> None:
    turned = replace(GREEN_TAXI, layouts=GREEN_TAXI.layouts[::-1])
    assert turned.eras("parquet") == GREEN_TAXI.eras("parquet")
