"""Rows of a published file as they were parsed: by position, before they have names and canonical types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

BATCH_ROWS = 32_768
"""About how many rows a record batch has."""


@dataclass(frozen=True)
class Block:
    """Rows by column position in the file; `unreadable` holds the text of rows that are no rows of the table,
    `undecodable`, by column position and row, values that are no UTF-8.
    """

    columns: Sequence[pa.Array]
    rows: int
    unreadable: dict[int, str] = field(default_factory=dict)
    undecodable: dict[int, dict[int, str]] = field(default_factory=dict)
