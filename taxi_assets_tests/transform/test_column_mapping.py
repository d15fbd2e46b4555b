"""A file's columns are found by name in every era; what is missing or doubled is an error, what is new is carried."""

from __future__ import annotations

import pyarrow as pa
import pytest

from taxi_assets.errors import ContractError
from taxi_assets.model.datasets import DATASETS, FOR_HIRE, GREEN_TAXI, YELLOW_TAXI, Dataset
from taxi_assets.model.eras import Layout
from taxi_assets.transform.column_mapping import MOST_UNDESCRIBED, ColumnMapping, map_columns


def _types(columns: tuple[tuple[str, str], ...]) -> list[tuple[str, pa.DataType]]:
    return [(name, pa.type_for_alias(kind)) for name, kind in columns]


def _names(dataset: Dataset, *names: str) -> list[tuple[str, pa.DataType]]:
    """The newest Parquet layout of the dataset with further columns of text."""
    newest = dataset.eras("parquet")[-1]
    return [*_types(newest.columns), *((name, pa.string()) for name in names)]


def _place(mapping: ColumnMapping, name: str) -> int | None:
    return mapping.sources[[column.name for column in mapping.columns].index(name)]


@pytest.mark.parametrize(
    ("dataset", "layout"),
    [
        pytest.param(dataset, layout, id=f"{dataset.name} {layout.format} {layout.first}")
        for dataset in DATASETS.values()
        for layout in dataset.layouts
    ],
)
def test_every_published_column_of_every_era_has_its_place(dataset: Dataset, layout: Layout) -> None:
    mapping = map_columns(_types(layout.columns), dataset.published_columns)
    used = {source for source in mapping.sources if source is not None}
    lost = [name for place, (name, _) in enumerate(layout.columns) if place not in used]
    assert lost in ([], ["__index_level_0__"])
    assert mapping.unknown in ((), ("request_source",))


def test_names_are_compared_without_case_and_surrounding_spaces() -> None:
    published = [(f" {name.upper()} ", kind) for name, kind in _names(GREEN_TAXI)]
    mapping = map_columns(published, GREEN_TAXI.published_columns)
    assert None not in {_place(mapping, name) for name in ("pickup_datetime", "vendor_id", "trip_type")}


def test_a_column_nobody_has_seen_is_carried_along_under_a_snake_case_name() -> None:
    mapping = map_columns(_names(YELLOW_TAXI, "surgeZone Name", "trip_month", "2nd"), YELLOW_TAXI.published_columns)
    new = [column.name for column in mapping.columns[len(YELLOW_TAXI.published_columns) :]]
    assert new == ["request_source", "surge_zone_name", "published_trip_month", "published_2nd"]
    assert mapping.unknown == ("request_source", "surgeZone Name", "trip_month", "2nd")


def test_names_that_databases_keep_for_themselves_or_would_cut_are_changed_and_stay_different() -> None:
    long = "x" * 70
    names = ("ctid", "XMIN", "rowid", "_PARTITIONTIME", "day", long, f"{long}y", long, "x" * 63, "x" * 63)
    mapping = map_columns(_names(YELLOW_TAXI, *names), YELLOW_TAXI.published_columns)
    new = [column.name for column in mapping.columns[len(YELLOW_TAXI.published_columns) + 1 :]]
    assert new[:5] == ["published_ctid", "published_xmin", "published_rowid", "partitiontime", "published_day"]
    assert len(set(new)) == len(new)
    assert all(len(name) <= 63 for name in new)
    assert new[9] == f"{'x' * 61}_2"
    assert [mapping.published[name] for name in new] == list(names)
    assert mapping.schema.field(new[5]).metadata == {b"published_as": long.encode()}


def test_more_columns_than_a_month_of_trips_can_have_are_refused() -> None:
    names = [f"new_{number}" for number in range(MOST_UNDESCRIBED)]
    with pytest.raises(ContractError, match="has 251 columns that nobody has described, for example 'request_source'"):
        map_columns(_names(YELLOW_TAXI, *names), YELLOW_TAXI.published_columns)


def test_a_new_column_without_any_value_has_nothing_to_carry() -> None:
    mapping = map_columns([*_names(YELLOW_TAXI), ("new", pa.null())], YELLOW_TAXI.published_columns)
    assert "new" in mapping.unknown
    assert "new" not in mapping.schema.names


@pytest.mark.fault(11)
def test_a_missing_column_is_named_with_what_the_file_has() -> None:
    published = [(name, kind) for name, kind in _names(YELLOW_TAXI) if name != "fare_amount"]
    with pytest.raises(ContractError, match=r"Columns missing: fare_amount\. The file has: VendorID"):
        map_columns(published, YELLOW_TAXI.published_columns)


def test_zones_may_be_missing_only_where_coordinates_stand_instead() -> None:
    without = [(name, kind) for name, kind in _names(YELLOW_TAXI) if "LocationID" not in name]
    with pytest.raises(ContractError, match="Columns missing: PULocationID, DOLocationID"):
        map_columns(without, YELLOW_TAXI.published_columns)
    coordinates = [(f"{end}_longitude", pa.float64()) for end in ("pickup", "dropoff")]
    assert map_columns([*without, *coordinates], YELLOW_TAXI.published_columns).sources


def test_two_columns_for_one_place_are_refused() -> None:
    with pytest.raises(ContractError, match="both mean airport_fee"):
        map_columns(_names(YELLOW_TAXI, "airport_fee"), YELLOW_TAXI.published_columns)


def test_the_two_base_columns_of_2018_are_both_kept() -> None:
    published = [(name, pa.string()) for name in ("Pickup_DateTime", "Dispatching_base_number", "Dispatching_base_num")]
    mapping = map_columns(published, FOR_HIRE.published_columns)
    assert (_place(mapping, "dispatching_base_num"), _place(mapping, "other_base_num")) == (1, 2)


def test_a_page_that_is_no_trip_file_is_refused() -> None:
    with pytest.raises(ContractError, match="Is it the file of this dataset"):
        map_columns([("<html>", pa.string())], YELLOW_TAXI.published_columns)
