"""Maps the columns of a published file to those of its dataset, by the names in the column table."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import pyarrow as pa

from taxi_assets.errors import ContractError
from taxi_assets.model.columns import OURS, Column, Kind
from taxi_assets.transform.texts import shown

RESERVED = frozenset({*(column.name for column in OURS), "reasons", "published_text"})
"""Names that this project gives to columns of its own; an unknown published column of such a name is renamed."""
_OF_OUR_SQL = frozenset(
    {
        *("day", "month", "dataset", "trips", "passengers", "miles", "fare", "tips", "tolls", "total"),
        *("location_id", "borough", "zone", "service_zone"),
        *(f"{end}_{name}" for end in ("pickup", "dropoff") for name in ("borough", "zone")),
    }
)
"""Columns of the views and tables that are made from trips; a published column of such a name is renamed."""
_OF_DATABASES = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "rowid"})
"""Columns that Postgres, or DuckDB, gives to every table. What BigQuery reserves begins with an underscore."""
_LONGEST_NAME = 63
"""Bytes of a column's name in Postgres; it cuts a longer one without a word."""
MOST_UNDESCRIBED = 250
"""More columns that nobody has described are no month of trips. Postgres needs up to 24 bytes of a page's 8,160 for
each text of a row, however long the text is.
"""
PUBLISHED_AS = b"published_as"
"""The metadata of a column that nobody has described: its name in the published file."""
_MARKS = {
    "tpep_pickup_datetime": "yellow",
    "lpep_pickup_datetime": "green",
    "hvfhs_license_num": "fhvhv",
}
"""Columns that say whose file it is: only files of that dataset have ever had them."""
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
        """The output columns; those that nobody has described have PUBLISHED_AS in their metadata."""
        return pa.schema(
            pa.field(
                column.name,
                pa.type_for_alias(column.kind.value.arrow),
                metadata=None if column.doc else {PUBLISHED_AS: self.published[column.name]},
            )
            for column in self.columns
        )


def map_columns(published: Sequence[tuple[str, pa.DataType]], columns: Sequence[Column]) -> ColumnMapping:
    """Maps a file's columns, given as (name, type), to ours; what nobody has described is carried along as text.

    Raises ContractError when a required column is missing, two columns of the file claim the same place, or the file
    is another dataset's, or more columns than MOST_UNDESCRIBED are unknown.
    """
    names = [name.strip().lower() for name, _ in published]
    sources = _known(names, columns)
    claimed = set(sources.values())
    aliases = {name: column.name for column in columns for name in _names(column)}
    _check_dataset(names, aliases)
    reserved = RESERVED | _OF_OUR_SQL | _OF_DATABASES | {column.name for column in columns}
    new: list[Column] = []
    unknown: list[str] = []
    for position, (name, arrow_type) in enumerate(published):
        if position in claimed or names[position] in _NOT_DATA:
            continue
        if place := aliases.get(names[position]):
            raise ContractError(
                f"Two columns of the file both mean {place}; one of them is {name!r}.",
                "Drop one of them, or load the month from another publisher.",
            )
        unknown.append(shown(name))
        if not pa.types.is_null(arrow_type):
            column = Column(_free_name(name, reserved, sources), Kind.TEXT, (name,), "")
            sources[column.name] = position
            new.append(column)
    _check_required(published, columns, sources)
    _check_undescribed(unknown)
    for column in columns:
        if column.text_of in sources:
            sources[column.name] = sources[column.text_of]
    every = (*columns, *new)
    names_of = {name: shown(published[position][0].strip()) for name, position in sources.items()}
    return ColumnMapping(every, tuple(sources.get(column.name) for column in every), names_of, tuple(unknown))


def _check_dataset(names: Sequence[str], aliases: Mapping[str, str]) -> None:
    """Raises ContractError where a column says that the file is another dataset's."""
    for name in names:
        if name in _MARKS and name not in aliases:
            raise ContractError(
                f"The file has a column {name}, which only files of {_MARKS[name]} have: it is not of this dataset.",
                "Look at what the publisher serves under this name.",
            )


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


def _check_undescribed(names: Sequence[str]) -> None:
    if len(names) > MOST_UNDESCRIBED:
        raise ContractError(
            f"The file has {len(names):,} columns that nobody has described, for example {names[0]!r}; at most "
            f"{MOST_UNDESCRIBED} are carried along.",
            "Look at what the publisher serves under this name.",
        )


def _names(column: Column) -> list[str]:
    """The names by which a column is found in a file, its canonical name last; none for one that is never published."""
    published = [name.strip().lower() for name in column.published]
    return [*published, column.name] if published else []


def _free_name(name: str, reserved: Collection[str], taken: Collection[str]) -> str:
    """The snake_case name under which an unknown column is carried along: `requestSource` → `request_source`.

    The same every month. Names that are reserved, that begin with no letter, or that a database would cut, are changed;
    the second of two columns with one name gets a number.
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    snake = re.sub(r"[^0-9A-Za-z]+", "_", words).strip("_").lower()
    if not snake.isascii() or not snake[:1].isalpha() or snake in reserved:
        snake = f"published_{snake}" if snake else f"published_{_digest(name)}"
    if len(snake) > _LONGEST_NAME:
        snake = f"{snake[: _LONGEST_NAME - 9]}_{_digest(name)}"
    numbered = (f"{snake[: _LONGEST_NAME - 1 - len(str(number))]}_{number}" for number in count(2))
    return snake if snake not in taken else next(each for each in numbered if each not in taken)


def _digest(name: str) -> str:
    return hashlib.sha256(name.strip().encode()).hexdigest()[:8]
