"""How many threads work on a month, and the memory that goes with them: the same on two cores and on sixty-four.

Left alone, DuckDB, Arrow and NumPy's OpenBLAS start a thread for each core, and each thread holds blocks of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from typing import Final

ARROW_THREADS: Final = 2
"""Of its decoders, and the blocks of a CSV that it reads ahead. What comes after them is done in one thread."""
DUCKDB_THREADS: Final = 1
"""On two cores a second one loads no faster, for a fifth more CPU."""
DUCKDB_MEMORY: Final = "64MB"
"""Of its buffers; it holds about 25 MB besides. A month of the widest dataset needs 24 MB, with two threads 44 MB."""


def bound_libraries(environment: MutableMapping[str, str] = os.environ) -> None:
    """Sets the variables that Arrow and NumPy's OpenBLAS read when they are loaded, unless the user has set them.

    To be called before pyarrow, numpy or pandas are imported: afterwards it has no effect in this process. Both heed
    OMP_NUM_THREADS. Of Arrow's allocators jemalloc holds the least memory over a month: a fifth less than its default.
    """
    environment.setdefault("OMP_NUM_THREADS", str(ARROW_THREADS))
    if sys.platform == "linux":
        environment.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")
