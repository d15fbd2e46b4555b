"""The descriptions of columns that go into databases as comments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pyarrow as pa

from taxi_assets.model.datasets import Dataset

UNDESCRIBED: Final = "Not in TLC's data dictionary when this was written."
"""The description of a column that a published file has and the dataset does not know."""


def descriptions_of(dataset: Dataset) -> dict[str, str]:
    """The description of each of the dataset's columns, by the column's name."""
    return {column.name: column.description for column in dataset.columns}


def described(names: Iterable[str], descriptions: Mapping[str, str]) -> dict[str, str]:
    """The columns with their descriptions, UNDESCRIBED where there is none."""
    return {name: descriptions.get(name, UNDESCRIBED) for name in names}


def carried_texts(schema: pa.Schema, descriptions: Mapping[str, str]) -> list[str]:
    """The columns that nobody has described and that a file carries along as text.

    Earlier versions carried some as numbers or times: tables that have such a column take it as text from now on.
    """
    return [field.name for field in schema if field.name not in descriptions and pa.types.is_string(field.type)]
