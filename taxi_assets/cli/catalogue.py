"""The catalogue page: every column of every dataset, and every reason a row is flagged or kept out, as Markdown.

    taxi-assets catalogue > docs/catalogue.md

The page has no facts of its own: meanings come from the column table, months from the layouts, reasons from `rules.py`.
Knows nothing of Dagster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from taxi_assets.cli.catalogue_reasons import flags, quarantine
from taxi_assets.cli.markdown import anchor, code, table
from taxi_assets.model.columns import QUALITY_FLAGS, Column
from taxi_assets.model.datasets import DATASETS, Dataset, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.transform.column_mapping import map_columns

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
    contents = ", ".join(f"[{dataset.title}](#{anchor(dataset.title)})" for dataset in DATASETS.values())
    parts = [_HEAD.format(contents=contents), *map(_dataset, DATASETS.values()), flags(), quarantine()]
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
    meanings = table(
        ("Column", "Type", "Unit", "Meaning"),
        ((code(column.name), _types(column), column.unit, _meaning(column)) for column in dataset.columns),
    )
    names = table(
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
    return " / ".join(map(code, (types.postgres, types.bigquery, types.duckdb)))


def _meaning(column: Column) -> str:
    return column.doc if column.published else _OURS + column.doc


def _sources(column: Column, csv: list[Appearance], parquet: list[Appearance]) -> tuple[str, ...]:
    return code(column.name), _names([*csv, *parquet]), months(csv), months(parquet)


def _names(found: Sequence[Appearance]) -> str:
    """The distinct names of a column, the newest first, each in its newest spelling."""
    spellings: dict[str, str] = {}
    for each in sorted(found, key=lambda each: each.first, reverse=True):
        spellings.setdefault(each.name.lower(), each.name)
    return ", ".join(map(code, spellings.values()))


def _codes(columns: Sequence[Column]) -> Iterator[str]:
    """One item for each set of codes, which several columns may share."""
    meanings: dict[str, list[str]] = {}
    for column in columns:
        if column.codes:
            text = "; ".join(f"{code(str(value))} {meaning}" for value, meaning in column.codes.items())
            meanings.setdefault(text, []).append(code(column.name))
    for text, names in meanings.items():
        yield f"- {', '.join(names)}: {text}"
    yield f"- {code(QUALITY_FLAGS.name)}: the sum of [its bits](#{QUALITY_FLAGS.name})"
