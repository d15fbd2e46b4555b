"""What the UI's catalog shows of every asset before anything has run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from dagster import (
    AssetKey,
    AssetSpec,
    CodeReferencesMetadataValue,
    LocalFileCodeReference,
    TableSchema,
    TableSchemaMetadataValue,
)

import taxi_assets
from taxi_assets.asset_keys import keys_of
from taxi_assets.assets import StorageKinds, assets_of
from taxi_assets.build import build_definitions
from taxi_assets.model.datasets import DATASETS, Dataset
from taxi_assets.settings import Settings

LAYERS = {
    "raw_trips": "raw",
    "clean_trips": "clean",
    "gcs_parquet": "clean",
    "bq_table": "table",
    "postgres_table": "table",
    "trips_with_zones": "mart",
    "daily_trips": "mart",
    "taxi_zones": "reference",
}


@cache
def _specs() -> dict[str, AssetSpec]:
    """The assets by name, in its order: processes that run tests side by side must collect the same."""
    assets = build_definitions(Settings()).resolve_asset_graph().assets_defs
    specs = {spec.key.to_user_string(): spec for asset in assets for spec in asset.specs}
    return dict(sorted(specs.items()))


def _name(key: str) -> str:
    return key.rsplit("/", maxsplit=1)[-1]


def _schema(spec: AssetSpec) -> TableSchema | None:
    value = spec.metadata.get("dagster/column_schema")
    return value.schema if isinstance(value, TableSchemaMetadataValue) else value


@pytest.mark.parametrize("name", _specs())
def test_every_asset_has_description_owner_kinds_tags_and_group(name: str) -> None:
    spec = _specs()[name]
    assert len(spec.description or "") > 40
    assert list(spec.owners) == ["team:taxi-data"]
    assert spec.kinds
    assert spec.group_name
    assert {"domain", "layer", "sensitivity"} <= set(spec.tags)


@pytest.mark.parametrize("name", LAYERS)
def test_an_asset_has_the_same_tags_in_every_dataset(name: str) -> None:
    found = [spec for key, spec in _specs().items() if _name(key) == name]
    assert len(found) in (1, len(DATASETS))
    for spec in found:
        assert spec.group_name == (spec.key.path[0] if spec.key.path[0] in DATASETS else "zones")
        assert spec.tags["layer"] == LAYERS[name]
        assert spec.tags.get("dataset", spec.group_name) == spec.group_name


@pytest.mark.parametrize("name", [name for name in _specs() if _name(name) in LAYERS])
def test_every_column_has_a_type_and_a_meaning(name: str) -> None:
    schema = _schema(_specs()[name])
    assert schema is not None
    assert len(schema.columns) > 3
    for column in schema.columns:
        assert column.type
        assert column.description, column.name
    assert len({column.name for column in schema.columns}) == len(schema.columns)


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_the_columns_of_the_published_file_say_what_becomes_of_them(
    dataset: Dataset,
) -> None:
    schema = _schema(_specs()[f"{dataset.name}/raw_trips"])
    assert schema is not None
    ours = {(column.description or "").partition(":")[0] for column in schema.columns}
    assert ours <= {*dataset.schema.names, "request_source"}
    assert "pickup_datetime" in ours


@pytest.mark.parametrize("name", [name for name in _specs() if _name(name) in LAYERS])
def test_the_ui_links_an_asset_to_the_file_that_defines_it(name: str) -> None:
    value = _specs()[name].metadata["dagster/code_references"]
    assert isinstance(value, CodeReferencesMetadataValue)
    [link] = value.code_references
    assert isinstance(link, LocalFileCodeReference)
    path = Path(link.file_path)
    assert path == Path(taxi_assets.__file__).parent / "assets" / f"{_name(name)}.py"
    line = path.read_text().splitlines()[(link.line_number or 0) - 1]
    assert line.strip() == "@asset("


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_all_assets_of_a_dataset_are_there(dataset: Dataset) -> None:
    made = [asset.key for asset in assets_of(dataset, StorageKinds("duckdb"))]
    assert made == keys_of(dataset)
    assert {*made} <= {AssetKey(name.split("/")) for name in _specs()}


@pytest.mark.parametrize(
    ("settings", "warehouse", "bucket"),
    [
        (Settings(), "duckdb", set()),
        (Settings(gcp_project="ours", bq_dataset="trips"), "bigquery", set()),
        (Settings(gcs_bucket="ours"), "duckdb", {"gcs"}),
        (Settings(gcp_project="ours", bq_dataset="trips", gcs_bucket="ours"), "bigquery", {"gcs"}),
    ],
    ids=["nothing set", "BigQuery", "a bucket", "both"],
)
def test_kinds_are_those_of_the_places_that_the_settings_choose(
    settings: Settings, warehouse: str, bucket: set[str]
) -> None:
    assets = build_definitions(settings).resolve_asset_graph().assets_defs
    found = {spec.key.to_user_string(): spec.kinds for asset in assets for spec in asset.specs}
    expected = {
        "raw_trips": {"file"},
        "clean_trips": {"parquet", "arrow"},
        "gcs_parquet": {"parquet", *bucket},
        "bq_table": {warehouse},
        "postgres_table": {"postgres"},
        "trips_with_zones": {"postgres", warehouse},
        "daily_trips": {warehouse, "pandas"},
        "published_months": {"file"},
    }
    by_key = {f"{dataset}/{name}": kinds for dataset in DATASETS for name, kinds in expected.items()}
    assert found == {**by_key, "taxi_zones": {"postgres", warehouse}}
