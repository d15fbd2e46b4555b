"""NYC taxi trips, month by month, from TLC's files to Parquet, Postgres, Google Cloud Storage and BigQuery."""
