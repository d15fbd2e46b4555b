"""The descriptions of columns that go into databases as comments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pyarrow as pa

from taxi_assets.model.datasets import Dataset
from taxi_assets.transform.column_mapping import PUBLISHED_AS

UNDESCRIBED: Final = "Not in TLC's data dictionary when this was written."
"""The description of a column that a published file has and the dataset does not know."""
_LONGEST_NAME: Final = 900


def descriptions_of(dataset: Dataset) -> dict[str, str]:
    """The description of each of the dataset's columns, by the column's name."""
    return {column.name: column.description for column in dataset.columns}


def described(fields: Iterable[pa.Field], descriptions: Mapping[str, str]) -> dict[str, str]:
    """The columns with their descriptions; where there is none, UNDESCRIBED and what the published file calls it."""
    return {field.name: descriptions.get(field.name) or undescribed(field) for field in fields}


def undescribed(field: pa.Field) -> str:
    """The description of a column that the dataset does not know, with its published name where that is another."""
    published = (field.metadata or {}).get(PUBLISHED_AS, b"").decode()
    return UNDESCRIBED if published in ("", field.name) else f"{UNDESCRIBED} {published_as(published)}"


def published_as(name: str) -> str:
    """The sentence that gives a column's published name, which it shortens: BigQuery takes 1,024 characters in all."""
    return f"Published as {name if len(name) <= _LONGEST_NAME else f'{name[:_LONGEST_NAME]}...'}."


def retyped(
    schema: pa.Schema, descriptions: Mapping[str, str], present: Mapping[str, str], text: str
) -> list[pa.Field]:
    """The columns whose type in a table changes to that of the schema; others of another type are not ours to change.

    A column that nobody has described is carried along as text, and one that has been described since is no longer.
    `present` are the types in the table, `text` is what the text type is called there.
    """
    return [
        field
        for field in schema
        if field.name in present
        and (present[field.name] == text) is not pa.types.is_string(field.type)
        and (present[field.name] == text) is (field.name in descriptions)
    ]
