"""NYC taxi trips, month by month, from TLC's files to Parquet, Postgres, Google Cloud Storage and BigQuery."""

import os

from taxi_assets.bounds import bound_libraries

bound_libraries(os.environ)
