"""The catalogue page: every column of every dataset, and every reason a row is flagged or kept out, as Markdown.

    taxi-assets catalogue > docs/catalogue.md

The page has no facts of its own: meanings come from the column table, months from the layouts, reasons from `rules.py`.
Knows nothing of Dagster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from taxi_assets.model.columns import QUALITY_FLAGS, Column
from taxi_assets.model.datasets import DATASETS, Dataset, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.transform.column_mapping import map_columns
from taxi_assets.transform.flags import FLAGS
from taxi_assets.transform.numbers import BOUNDS
from taxi_assets.transform.rules import (
    DUPLICATE,
    PROFILES,
    QUARANTINE,
    QUARANTINED_SHARE,
    UNREADABLE_ROWS,
    UNREADABLE_SHARE,
)
from taxi_assets.transform.texts import LONGEST_TEXT

LAST_MONTHS: Final[dict[FileFormat, Month | None]] = {"csv.gz": Month(2021, 7), "parquet": None}
"""The last month TLC published in a format, None where it still does. Later CSV layouts are the sample publisher's."""

_HEAD = """\
# Catalogue

<!-- Made from the code. To renew it: taxi-assets catalogue > docs/catalogue.md -->

What is in the tables: {contents}; the bits of [quality_flags](#quality_flags);
the reasons for [quarantine](#quarantine).

- A dataset has one schema for all its months. Its columns are listed in the order of the table; a column that a month's
  file lacks is empty in that month.
- Types are those of Postgres / BigQuery / DuckDB. Times are New York local time, without a zone.
- "Ours" are columns that no published file has: this project adds them.
- The second table of a dataset shows under which names TLC's files have a column, newest first, and in which months.
  Names are compared without case and surrounding spaces. "Today" means that the newest files have it.
- TLC published CSV until July 2021 (publisher `datatalks` mirrors some of those files). In 2022 it replaced them by
  Parquet (publisher `tlc`), and gave most old months the columns of newer ones: a column can be there and hold nothing.
"""
_OURS = "**Ours.** "


@dataclass(frozen=True)
class Appearance:
    """A column is called `name` in the files of the months `first` to `last`; without a `last`, until today."""

    name: str
    first: Month
    last: Month | None


def appearances(dataset: Dataset, file_format: FileFormat) -> dict[str, list[Appearance]]:
    """Where each canonical column is found in the files of one format, oldest first, by the reader's own mapping."""
    found: dict[str, list[Appearance]] = {}
    end = LAST_MONTHS[file_format]
    eras = [era for era in dataset.eras(file_format) if end is None or era.first <= end]
    lasts = [*(era.first + -1 for era in eras[1:]), end]
    for era, last in zip(eras, lasts, strict=True):
        published = [(name, pa.type_for_alias(arrow_type)) for name, arrow_type in era.columns]
        mapping = map_columns(published, dataset.published_columns)
        for column, position in zip(mapping.columns, mapping.sources, strict=True):
            if position is not None and column.published and column in dataset.columns:
                appearance = Appearance(era.columns[position][0].strip(), era.first, last)
                found.setdefault(column.name, []).append(appearance)
    return found


def months(found: Sequence[Appearance]) -> str:
    """The months of a column's appearances, oldest first: `2009-01 to 2014-12, 2025-01 to today`."""
    spans: list[tuple[Month, Month | None]] = []
    for each in found:
        if spans and (before := spans[-1][1]) is not None and before + 1 == each.first:
            spans[-1] = (spans[-1][0], each.last)
        else:
            spans.append((each.first, each.last))
    return ", ".join(f"{first} to {last or 'today'}" for first, last in spans)


def page() -> str:
    """The whole catalogue."""
    contents = ", ".join(f"[{dataset.title}](#{_anchor(dataset.title)})" for dataset in DATASETS.values())
    parts = [_HEAD.format(contents=contents), *map(_dataset, DATASETS.values()), _flags(), _quarantine()]
    return "\n".join(parts)


def _dataset(dataset: Dataset) -> str:
    csv, parquet = appearances(dataset, "csv.gz"), appearances(dataset, "parquet")
    head = f"""\
## {dataset.title}

- Dataset `{dataset.name}`, first month {dataset.first_month}.
- Table `{dataset.table}`, in Postgres, BigQuery and DuckDB alike; `{dataset.table}_quarantine` has the rows in
  [quarantine](#quarantine).
- CSV files: {_all_months(csv, "csv.gz")}. Parquet files: {_all_months(parquet, "parquet")}.
"""
    meanings = _table(
        ("Column", "Type", "Unit", "Meaning"),
        ((_code(column.name), _types(column), column.unit, _meaning(column)) for column in dataset.columns),
    )
    names = _table(
        ("Column", "In TLC's files", "In CSV", "In Parquet"),
        (
            _sources(column, csv.get(column.name, []), parquet.get(column.name, []))
            for column in dataset.columns
            if column.published
        ),
    )
    return "\n".join((head, meanings, "Codes:\n", *_codes(dataset.columns), "\nWhere they come from:\n", names))


def _all_months(found: dict[str, list[Appearance]], file_format: FileFormat) -> str:
    """The months that there are files of at all."""
    if not found:
        return "none"
    first = min(oldest.first for oldest, *_ in found.values())
    return f"{first} to {LAST_MONTHS[file_format] or 'today'}"


def _types(column: Column) -> str:
    types = column.kind.value
    return " / ".join(map(_code, (types.postgres, types.bigquery, types.duckdb)))


def _meaning(column: Column) -> str:
    return column.doc if column.published else _OURS + column.doc


def _sources(column: Column, csv: list[Appearance], parquet: list[Appearance]) -> tuple[str, ...]:
    return _code(column.name), _names([*csv, *parquet]), months(csv), months(parquet)


def _names(found: Sequence[Appearance]) -> str:
    """The distinct names of a column, the newest first, each in its newest spelling."""
    spellings: dict[str, str] = {}
    for each in sorted(found, key=lambda each: each.first, reverse=True):
        spellings.setdefault(each.name.lower(), each.name)
    return ", ".join(map(_code, spellings.values()))


def _codes(columns: Sequence[Column]) -> Iterator[str]:
    """One item for each set of codes, which several columns may share."""
    meanings: dict[str, list[str]] = {}
    for column in columns:
        if column.codes:
            text = "; ".join(f"{_code(str(code))} {meaning}" for code, meaning in column.codes.items())
            meanings.setdefault(text, []).append(_code(column.name))
    for text, names in meanings.items():
        yield f"- {', '.join(names)}: {text}"
    yield f"- {_code(QUALITY_FLAGS.name)}: the sum of [its bits](#{QUALITY_FLAGS.name})"


def _flags() -> str:
    head = f"""\
## {QUALITY_FLAGS.name}

What is peculiar about a row that is kept. The column holds the sum of the values that apply, 0 for an ordinary row.
Test a bit with `(quality_flags & 4) <> 0`. A flag is set only in datasets that have the columns it looks at.
"""
    rows = ((str(bit), str(1 << bit), _code(rule.name), rule.doc) for bit, rule in enumerate(FLAGS))
    return f"{head}\n{_table(('Bit', 'Value', 'Flag', 'Meaning'), rows)}"


def _quarantine() -> str:
    alike = ", ".join(_code(dataset.name) for dataset in DATASETS.values() if not dataset.rows_identifiable)
    head = f"""\
## Quarantine

A row with one of these faults is kept out of the table of trips. It goes to the lake's folder `quarantine`, and in
Postgres and the warehouse to the table beside the trips whose name ends with `_quarantine`. The column `reasons` has
the names of its faults.

Which faults are looked for depends on the columns of a dataset, and on the profile that the month was cleaned with: the
run config `profile` of clean_trips. No row is called a duplicate in {alike}, where two trips may look the same.
"""
    return f"{head}\n{_table(('Reason', 'Profile', 'Meaning'), _reasons())}\n{_unreadable()}"


def _unreadable() -> str:
    head = f"""\
### unreadable

A value is read if it is one of its column's type, be it written as a text, a number or a boolean: `1.0` is the code 1,
`NULL` and `nan` are nothing. These are not, and are in `published_text` as published:

- a row with another number of values than the file has columns, or with bytes that are no UTF-8;
- a text with a NUL, which no database takes, or of more than {LONGEST_TEXT:,} bytes;
- a time that is not written as the others of its column, a date without a time, or a year outside 1 to 9999, the range
  of BigQuery's DATETIME;
- a number that is not finite, has a fraction in a column of whole ones, or is, whatever its sign, not below a bound:
"""
    bounds = ((bound.what, f"{bound.below:,}", bound.why) for bound in BOUNDS)
    tail = f"""\
A month is refused, and replaces nothing, where more than {UNREADABLE_SHARE:.0%} of a column's values, and more than
{UNREADABLE_ROWS}, are unreadable: the column's meaning has changed then. It is refused too where one reason would send
more than {QUARANTINED_SHARE:.0%} of its rows to quarantine, a bound that can be set for a run: `max_quarantined_share`
in the run config of clean_trips.
"""
    return f"{head}\n{_table(('Numbers', 'Below', 'Why'), bounds)}\n{tail}"


def _reasons() -> Iterator[tuple[str, str, str]]:
    """Every reason with the profiles that know it: those of all profiles first, then those of one."""
    for reason in (*QUARANTINE, DUPLICATE):
        yield _code(reason.name), "all", reason.doc
    for profile, rules in PROFILES.items():
        for rule in rules:
            if rule not in QUARANTINE:
                yield _code(rule.name), _code(profile.value), rule.doc


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    """A text as a table's cell: on one line, and with its vertical bars escaped."""
    return " ".join(text.split()).replace("|", r"\|")


def _code(text: str) -> str:
    return f"`{text}`"


def _anchor(title: str) -> str:
    """GitHub's anchor of a heading."""
    return title.lower().replace(" ", "-")
