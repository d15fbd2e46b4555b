"""NYC taxi trips, month by month, from TLC's files to Parquet, Postgres, Google Cloud Storage and BigQuery."""

import os
import sys

if sys.platform == "linux":
    # Of Arrow's allocators the one that holds least memory over a month: a fifth less than its default. It is chosen
    # when pyarrow is loaded, so this comes before that.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")
