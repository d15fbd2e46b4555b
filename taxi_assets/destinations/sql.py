"""The SQL that the stores share: names, column comments, a month's rows, and the query that sums up a month.

The sums are those of `transform/checksums.py`: each database computes the same whole numbers from its own types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from taxi_assets.errors import MissingTableError
from taxi_assets.model.months import Month
from taxi_assets.transform.checksums import EPOCH, Checksums, from_groups, scale


@dataclass(frozen=True)
class Dialect:
    """How one database spells what differs between databases.

    `text` is the catalog's name of the text type, `md5_sum` the expression that adds up the first 32 bits of the MD5 of
    the texts of a `{column}`. `sums` gives the expression that adds up a column, by the catalog's
    name of the column's type; types that are not listed are whole numbers, which are added up as they are. In an
    expression, `{column}` is the quoted column, `{scale}` what floats are multiplied by before they are rounded, and
    `{epoch}` the time from which seconds are counted.
    """

    text: str
    sums: Mapping[str, str]
    md5_sum: str
    quote: str = '"'

    def quoted(self, *names: str) -> str:
        """A name, or the parts of a qualified one, each in quotes."""
        return ".".join(f"{self.quote}{name.replace(self.quote, self.quote * 2)}{self.quote}" for name in names)

    def shown(self, *names: str) -> str:
        """A name for people to read and to run: in quotes only where it needs them."""
        return ".".join(name if _is_plain(name) else self.quoted(name) for name in names)

    def sum_of(self, column: str, kind: str) -> str:
        """The SQL expression for the sum of a column whose type the catalog calls `kind`."""
        template = self.md5_sum if kind == self.text else self.sums.get(kind, "sum({column})")
        return template.format(column=self.quoted(column), scale=scale(column), epoch=EPOCH)


POSTGRES: Final = Dialect(
    text="text",
    sums={
        "double precision": "sum(floor({column} * {scale} + 0.5)::bigint)",
        "timestamp without time zone": "sum(trunc(date_part('epoch', {column} - timestamp '{epoch}'))::bigint)",
        "date": "sum({column} - date '1970-01-01')",
    },
    md5_sum="sum(('x' || left(md5({column}), 8))::bit(32)::bigint)",
)
DUCKDB: Final = Dialect(
    text="VARCHAR",
    sums={
        "DOUBLE": "sum(floor({column} * {scale} + 0.5)::BIGINT)",
        "TIMESTAMP": "sum((epoch_us({column}) - epoch_us(TIMESTAMP '{epoch}')) // 1000000)",
        "DATE": "sum(date_diff('day', DATE '1970-01-01', {column}))",
    },
    md5_sum="sum(('0x' || left(md5({column}), 8))::UBIGINT)",
)
_BIGQUERY_FLOAT = "SUM(CAST(FLOOR({column} * {scale} + 0.5) AS INT64))"
BIGQUERY: Final = Dialect(
    text="STRING",
    sums={
        "FLOAT": _BIGQUERY_FLOAT,
        "FLOAT64": _BIGQUERY_FLOAT,
        "DATETIME": "SUM(DIV(DATETIME_DIFF({column}, DATETIME '{epoch}', MICROSECOND), 1000000))",
        "DATE": "SUM(DATE_DIFF({column}, DATE '1970-01-01', DAY))",
    },
    md5_sum="SUM(CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5({column})), 1, 8)) AS INT64))",
    quote="`",
)
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = {"all", "analyze", "case", "check", "column", "default", "end", "group", "order", "table", "user", "window"}
"""Words that a schema may well be called, and that SQL takes for its own."""


def _is_plain(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None and name not in _RESERVED


def month_query(table: str, month: Month, what: str = "*") -> str:
    """The SELECT of a month's rows; `table` is a quoted name."""
    return f"SELECT {what} FROM {table} WHERE trip_month = DATE '{month.key}'"  # noqa: S608 names are quoted


def comment_statements(dialect: Dialect, table: str, comments: Mapping[str, str]) -> Iterator[str]:
    """The statements that comment on columns; `table` is a quoted name."""
    for column, comment in comments.items():
        text = comment.replace("'", "''")
        yield f"COMMENT ON COLUMN {table}.{dialect.quoted(column)} IS '{text}'"


def checksums(
    dialect: Dialect,
    table: str,
    types: Mapping[str, str],
    described: Container[str],
    rows: str,
    run: Callable[[str], Iterable[Sequence[Any]]],
) -> Checksums:
    """The checksums of a month, by one query that groups its rows by their described text columns.

    `types` are the types of the table's columns as the catalog has them. Texts of columns that are not `described` may
    all differ, and are not grouped by. `rows` selects the month's rows, `run` runs
    a query. Raises MissingTableError when there are no columns.
    """
    if not types:
        raise MissingTableError(f"There is no table {table}.")
    texts = [name for name, kind in types.items() if kind == dialect.text and name in described]
    numbers = [name for name in types if name not in texts]
    groups = [dialect.quoted(name) for name in texts]
    sums = [part for name in numbers for part in (f"count({dialect.quoted(name)})", dialect.sum_of(name, types[name]))]
    what = ", ".join(f"{part} AS c{place}" for place, part in enumerate([*groups, "count(*)", *sums]))
    query = f"SELECT {what} FROM ({rows}) AS trips"  # noqa: S608 names are quoted
    if groups:
        query += f" GROUP BY {', '.join(groups)}"
    return from_groups(texts, numbers, run(query))
