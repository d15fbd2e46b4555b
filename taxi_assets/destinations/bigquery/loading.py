"""Load jobs: a Parquet object in Cloud Storage becomes a partition of a table."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import cast

import pyarrow as pa
from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery

from taxi_assets.destinations.descriptions import described
from taxi_assets.errors import TaxiError
from taxi_assets.model.column_types import types_of
from taxi_assets.progress import track
from taxi_assets.transform.month_file import MonthFile

_ATTEMPTS = 5
_POLL_SECONDS = 1.0


def table_schema(schema: pa.Schema, descriptions: Mapping[str, str]) -> list[bigquery.SchemaField]:
    """The columns of a Parquet file as BigQuery has them, with their descriptions."""
    comments = described(schema, descriptions)
    return [
        bigquery.SchemaField(
            field.name,
            types_of(field.type).bigquery,
            mode="REPEATED" if pa.types.is_list(field.type) else "NULLABLE",
            description=comments[field.name],
        )
        for field in schema
    ]


def load(
    client: bigquery.Client, file: MonthFile, partition: str, schema: Sequence[bigquery.SchemaField], job_id: str
) -> int:
    """Makes the object's rows the only rows of the partition; returns how many BigQuery loaded.

    `job_id` names the load: called again with the same one, it finds a load that is under way or done and does not
    repeat it; one that failed is followed by another. Raises TaxiError, or GoogleAPICallError when the load fails.
    """
    config = _config(schema)
    for attempt in range(_ATTEMPTS):
        job, is_new = _job(client, file.uri, partition, config, f"{job_id}_{attempt}")
        if is_new or not (job.done() and job.error_result):
            wait_for(job)
            job.result()
            return int(job.output_rows or 0)
    raise TaxiError(
        f"BigQuery failed {_ATTEMPTS} times to load {file.uri}: {job.error_result}.",
        "Look at the load job in BigQuery's console, under its name; run the month again when its cause is gone.",
    )


def _config(schema: Sequence[bigquery.SchemaField]) -> bigquery.LoadJobConfig:
    config = bigquery.LoadJobConfig(
        source_format=bigquery.SourceFormat.PARQUET,
        schema=schema,
        write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
        schema_update_options=[bigquery.SchemaUpdateOption.ALLOW_FIELD_ADDITION],
    )
    # Without it a list would arrive as a record that holds a list of records.
    config.parquet_options = bigquery.ParquetOptions()
    config.parquet_options.enable_list_inference = True
    return config


def _job(
    client: bigquery.Client, uri: str, partition: str, config: bigquery.LoadJobConfig, job_id: str
) -> tuple[bigquery.LoadJob, bool]:
    """The load job of this name, and whether it was made just now."""
    try:
        return client.load_table_from_uri(uri, partition, job_id=job_id, job_config=config), True
    except (Conflict, NotFound):
        # Conflict: an earlier try made this job. NotFound: the answer was lost, and the job may be there.
        return cast("bigquery.LoadJob", client.get_job(job_id)), False


def wait_for(job: bigquery.LoadJob) -> None:
    """Returns when the job is done; reports meanwhile that BigQuery is loading."""
    work = track("BigQuery is loading")
    while not job.done():
        time.sleep(_POLL_SECONDS)
        work.update()
