"""Which column of a published file becomes which column of ours, by the names of the column table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from taxi_assets.columns import SOURCE_ROW, Column, arrow_schema
from taxi_assets.errors import ContractError

_NOT_DATA = {"__index_level_0__", "unnamed: 0", ""}
"""The index of a pandas DataFrame (TLC published one in yellow 2010-02 and 2010-03), and fields beyond the header."""


@dataclass(frozen=True)
class Mapping:
    """Where each output column comes from.

    `schema` holds the dataset's published columns in canonical order, then those nobody has seen before, then
    source_row. `sources` gives, for all but source_row, the column's position in the file, or None where the file
    lacks it. `unknown` names the new columns as published.
    """

    schema: pa.Schema
    sources: tuple[int | None, ...]
    unknown: tuple[str, ...]


def map_columns(published: Sequence[tuple[str, pa.DataType]], columns: Sequence[Column]) -> Mapping:
    """Maps a file's columns, given as (name, type), to ours.

    Raises ContractError when a required column is missing, or when two columns of the file claim the same place.
    """
    places = {name: column.name for column in columns for name in _names(column)}
    sources: dict[str, int] = {}
    fields: list[pa.Field] = []
    unknown: list[str] = []
    for position, (name, arrow_type) in enumerate(published):
        plain = name.strip().lower()
        if plain in _NOT_DATA:
            continue
        place = places.get(plain)
        if place is None:
            unknown.append(name)
            if pa.types.is_null(arrow_type):
                continue
            place = _free_name(name, columns)
            fields.append(pa.field(place, _carried_type(arrow_type)))
        if place in sources:
            other = published[sources[place]][0]
            raise ContractError(f"The columns {other!r} and {name!r} both mean {place}.", "The file needs a look.")
        sources[place] = position
    missing = [column.published[0] for column in columns if column.required and column.name not in sources]
    if missing:
        found = ", ".join(name for name, _ in published)[:500]
        raise ContractError(
            f"Columns missing: {', '.join(missing)}. The file has: {found}.",
            "Is it the file of this dataset?",
        )
    schema = pa.schema([*arrow_schema(columns), *fields, (SOURCE_ROW.name, pa.int64())])
    return Mapping(schema, tuple(sources.get(name) for name in schema.names[:-1]), tuple(unknown))


def _names(column: Column) -> set[str]:
    return {column.name, *(name.strip().lower() for name in column.published)}


def _free_name(name: str, columns: Sequence[Column]) -> str:
    """The snake_case name under which an unknown column is carried along: `requestSource` → `request_source`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    snake = re.sub(r"\W+", "_", words).strip("_").lower()
    ours = {column.name for column in columns} | {
        "source_row",
        "trip_month",
        "source_file",
        "quality_flags",
        "reasons",
    }
    return f"published_{snake}" if snake in ours or not snake[:1].isalpha() else snake


def _carried_type(arrow_type: pa.DataType) -> pa.DataType:
    """The widest of our types for a column nobody has described."""
    if pa.types.is_integer(arrow_type):
        return pa.int64()
    if pa.types.is_floating(arrow_type) or pa.types.is_decimal(arrow_type):
        return pa.float64()
    if pa.types.is_timestamp(arrow_type) and arrow_type.tz is None:
        return pa.timestamp("us")
    return pa.string()
