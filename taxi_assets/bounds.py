"""Bounds on threads and memory: a month is loaded in the same memory on two cores and on sixty-four.

By default DuckDB, Arrow and NumPy's OpenBLAS start a thread for each core, and each thread holds blocks of its own.
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


def bound_libraries(environment: MutableMapping[str, str] = os.environ) -> None:
    """Sets the variables that Arrow and NumPy's OpenBLAS read when they are loaded, unless the user has set them.

    To be called before pyarrow, numpy or pandas are imported: afterwards it has no effect in this process. Both heed
    OMP_NUM_THREADS. Of Arrow's allocators jemalloc holds the least memory over a month: a fifth less than its default.
    """
    environment.setdefault("OMP_NUM_THREADS", str(ARROW_THREADS))
    if sys.platform == "linux":
        environment.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")
