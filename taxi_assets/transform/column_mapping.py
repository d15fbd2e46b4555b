"""Maps the columns of a published file to those of its dataset, by the names in the column table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from taxi_assets.errors import ContractError
from taxi_assets.model.columns import OURS, Column, Kind

RESERVED = frozenset({*(column.name for column in OURS), "reasons", "published_text"})
"""Names that this project gives to columns of its own; an unknown published column of such a name is renamed."""
_NOT_DATA = {"__index_level_0__", "unnamed: 0", ""}
"""The index of a pandas DataFrame (TLC published one in yellow 2010-02 and 2010-03), and fields beyond the header."""


@dataclass(frozen=True)
class ColumnMapping:
    """Where each output column comes from.

    `columns` are the dataset's published columns in canonical order, then those that nobody has described. `sources`
    has the position of each in the file, None where the file lacks it. `published` has the file's own name of each
    column that it has. `unknown` has the published names of the columns that nobody has described.
    """

    columns: tuple[Column, ...]
    sources: tuple[int | None, ...]
    published: dict[str, str]
    unknown: tuple[str, ...]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(column.name, pa.type_for_alias(column.kind.value.arrow)) for column in self.columns])


def map_columns(published: Sequence[tuple[str, pa.DataType]], columns: Sequence[Column]) -> ColumnMapping:
    """Maps a file's columns, given as pairs (name, type), to the columns of a dataset.

    Raises ContractError when a required column is missing, or when two columns of the file mean the same one.
    """
    names = [name.strip().lower() for name, _ in published]
    sources = _known(names, columns)
    claimed = set(sources.values())
    aliases = {name: column.name for column in columns for name in _names(column)}
    new: list[Column] = []
    unknown: list[str] = []
    for position, (name, arrow_type) in enumerate(published):
        if position in claimed or names[position] in _NOT_DATA:
            continue
        if place := aliases.get(names[position]):
            raise ContractError(
                f"Two columns of the file both mean {place}; one of them is {name!r}.",
                "Look at the header of the file: does the publisher serve a new layout?",
            )
        unknown.append(name)
        if not pa.types.is_null(arrow_type):
            column = Column(_free_name(name, columns), _carried_kind(arrow_type), (name,), "")
            sources[column.name] = position
            new.append(column)
    _check_required(published, columns, sources)
    for column in columns:
        if column.text_of in sources:
            sources[column.name] = sources[column.text_of]
    every = (*columns, *new)
    names_of = {name: published[position][0].strip() for name, position in sources.items()}
    return ColumnMapping(every, tuple(sources.get(column.name) for column in every), names_of, tuple(unknown))


def _known(names: Sequence[str], columns: Sequence[Column]) -> dict[str, int]:
    """The position in the file of each column that it has: the first of its names that is there and not yet taken."""
    sources: dict[str, int] = {}
    for column in columns:
        for name in _names(column):
            if name in names and (position := names.index(name)) not in sources.values():
                sources[column.name] = position
                break
    return sources


def _check_required(
    published: Sequence[tuple[str, pa.DataType]], columns: Sequence[Column], sources: dict[str, int]
) -> None:
    missing = [
        column.published[0]
        for column in columns
        if column.required and column.name not in sources and column.instead not in sources
    ]
    if missing:
        found = ", ".join(name for name, _ in published)[:500]
        raise ContractError(
            f"Columns missing: {', '.join(missing)}. The file has: {found}.",
            "Is it the file of this dataset? If a column was renamed, add the name in taxi_assets/model/columns.py.",
        )


def _names(column: Column) -> list[str]:
    """The names by which a column is found in a file, its canonical name last; none for one that is never published."""
    published = [name.strip().lower() for name in column.published]
    return [*published, column.name] if published else []


def _free_name(name: str, columns: Sequence[Column]) -> str:
    """The snake_case name under which an unknown column is carried along: `requestSource` → `request_source`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    snake = re.sub(r"\W+", "_", words).strip("_").lower()
    taken = RESERVED | {column.name for column in columns}
    return f"published_{snake}" if snake in taken or not snake[:1].isalpha() else snake


def _carried_kind(arrow_type: pa.DataType) -> Kind:
    """The widest kind that fits, for a column that nobody has described."""
    if pa.types.is_integer(arrow_type):
        return Kind.LONG
    if pa.types.is_floating(arrow_type) or pa.types.is_decimal(arrow_type):
        return Kind.FLOAT
    if pa.types.is_timestamp(arrow_type) and arrow_type.tz is None:
        return Kind.TIMESTAMP
    return Kind.TEXT
