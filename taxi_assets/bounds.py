"""Bounds on threads, memory, and what a published file may hold: a month is loaded in the same memory on two cores and
on sixty-four, and whatever its publisher serves.

By default DuckDB, Arrow and NumPy's OpenBLAS start a thread for each core, and each thread holds blocks of its own. The
bounds on files are several times what the largest real month has; they are for files that are damaged, or made to do
harm. Whoever has a larger month raises them here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from typing import Final

ARROW_THREADS: Final = 2
"""Threads that decode Parquet, and blocks of CSV that are read ahead. All later work is done in one thread."""
DUCKDB_THREADS: Final = 1
"""A second thread does not load faster on two cores, and takes a fifth more CPU."""
DUCKDB_MEMORY_MB: Final = 48
"""For DuckDB's buffers; it holds 25 MB more. A month of the widest dataset needs 24 MB."""

BATCH_BYTES: Final = 64 << 20
"""How much of a month is decoded at a time, at most. 32,768 rows of the widest dataset take 9 MB."""

FILE_BYTES: Final = 8 << 30
"""A published file is no larger. The largest, of high volume, have 0.5 GB."""
ZONES_BYTES: Final = 1 << 20
"""The zone lookup is no larger. TLC's has 12 kB."""
UNPACKED_BYTES: Final = 32 << 30
"""A published file unpacks to no more. The largest, yellow 2009 in CSV, have 2.6 GB."""
ROWS: Final = 100_000_000
"""A month has no more. The largest of high volume have 21 million."""
COLUMNS: Final = 400
"""A file has no more, those within nested ones included: more do not fit into a row of Postgres, which keeps 18 bytes
of a long value in the 8 kB of a page. The widest dataset has 24."""
CELL_BYTES: Final = 256 << 10
"""A value, or a line of CSV, is no longer. A line of the widest dataset has 300 bytes."""
FOOTER_BYTES: Final = 16 << 20
"""The footer of a Parquet file is no larger. Those of TLC's files have up to 60 kB."""


def bound_libraries(environment: MutableMapping[str, str] = os.environ) -> None:
    """Sets the variables that Arrow and NumPy's OpenBLAS read when they are loaded, unless the user has set them.

    To be called before pyarrow, numpy or pandas are imported: afterwards it has no effect in this process. Both heed
    OMP_NUM_THREADS. Of Arrow's allocators jemalloc holds the least memory over a month: a fifth less than its default.
    """
    environment.setdefault("OMP_NUM_THREADS", str(ARROW_THREADS))
    if sys.platform == "linux":
        environment.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")
