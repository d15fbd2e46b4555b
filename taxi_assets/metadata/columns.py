"""The columns of tables and files, with their types and meanings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dagster import TableColumn, TableSchema
from pyarrow import type_for_alias

from taxi_assets.destinations.descriptions import UNDESCRIBED, published_as
from taxi_assets.model.column_types import types_of
from taxi_assets.model.columns import Column
from taxi_assets.model.datasets import Dataset
from taxi_assets.transform.column_mapping import map_columns

if TYPE_CHECKING:
    import pyarrow as pa


def column_metadata(columns: Sequence[Column]) -> dict[str, Any]:
    """The columns of a table, with the types that they have in Postgres."""
    return _schema([_described(column) for column in columns])


def new_columns(dataset: Dataset, schema: pa.Schema, published: Mapping[str, str] | None = None) -> dict[str, Any]:
    """All columns of a month that has some that its dataset does not describe; empty for an ordinary month.

    `published` maps columns to their names in the published file.
    """
    new = [field for field in schema if field.name not in dataset.schema.names]
    if not new:
        return {}
    known_as = {name: f" {published_as(theirs)}" for name, theirs in (published or {}).items()}
    found = [
        TableColumn(field.name, types_of(field.type).postgres, description=UNDESCRIBED + known_as.get(field.name, ""))
        for field in new
    ]
    return _schema([*map(_described, dataset.columns), *found])


def published_columns(dataset: Dataset) -> dict[str, Any]:
    """The columns of TLC's newest files; each description begins with the column's name in clean_trips."""
    newest = dataset.eras("parquet")[-1]
    columns = [(name, type_for_alias(kind)) for name, kind in newest.columns]
    mapping = map_columns(columns, dataset.published_columns)
    ours = {
        mapping.published[column.name]: column
        for column in mapping.columns
        if column.name in mapping.published and not column.text_of
    }
    return _schema(
        [
            TableColumn(name, kind, description=f"{ours[name].name}: {ours[name].description or UNDESCRIBED}")
            for name, kind in newest.columns
            if name in ours
        ]
    )


def _described(column: Column) -> TableColumn:
    return TableColumn(column.name, column.kind.value.postgres, description=column.description)


def _schema(columns: list[TableColumn]) -> dict[str, Any]:
    return {"dagster/column_schema": TableSchema(columns)}
