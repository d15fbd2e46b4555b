"""Small tables in Markdown: the first rows of a month, and counts with their shares. Knows nothing of Dagster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow.parquet as pq

from taxi_assets.transform.month_file import MonthFile

ROWS = 4
_BUFFER_BYTES = 64 << 10
"""How much of each column is read, in place of its whole first row group."""


def first_rows(file: MonthFile) -> list[dict[str, Any]]:
    """The first rows of a month's file; none if the file is not on this machine."""
    if file.path is None or file.rows == 0:
        return []
    batches = pq.ParquetFile(file.path, pre_buffer=False, buffer_size=_BUFFER_BYTES).iter_batches(ROWS)
    rows: list[dict[str, Any]] = next(batches).to_pylist()
    return rows


def preview(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a table with one line per column, as the UI shows it in a narrow dialog."""
    if not rows:
        return "No rows."
    heads = ["column", *(f"row {number}" for number in range(1, len(rows) + 1))]
    return table(heads, ([name, *(_shown(row[name]) for row in rows)] for name in rows[0]))


def counted(title: str, counts: Mapping[str, int], of: int, docs: Mapping[str, str] | None = None) -> str:
    """A table of the counts above 0, largest first, with their shares of `of` and, given `docs`, their meanings."""
    found = sorted(((count, name) for name, count in counts.items() if count), reverse=True)
    if not found:
        return "None."
    heads = [title, "rows", "share", *(["meaning"] if docs else [])]
    meanings = docs or {}
    lines = ([name, f"{count:,}", f"{count / of:.2%}", meanings.get(name, "")][: len(heads)] for count, name in found)
    return table(heads, lines, numbers=(1, 2))


def table(heads: Sequence[str], lines: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A Markdown table; the columns at `numbers` are aligned to the right."""
    rule = ["---:" if place in numbers else "---" for place in range(len(heads))]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in (heads, rule, *lines))


def _shown(value: object) -> str:
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", r"\|")
