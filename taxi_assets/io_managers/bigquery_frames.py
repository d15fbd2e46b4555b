"""Dagster's pandas IO manager for BigQuery, without the methods of Google's client that are about to change.

The client warns that loading a DataFrame will need pandas-gbq, and that reading one is deprecated. Loading a Parquet
file and reading Arrow have neither warning. Imports pandas and Google's client.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pandas as pd
from dagster import InputContext, OutputContext
from dagster_gcp.bigquery.io_manager import BigQueryClient
from dagster_gcp_pandas import BigQueryPandasIOManager, BigQueryPandasTypeHandler
from google.cloud.bigquery import LoadJobConfig, SourceFormat

from taxi_assets.destinations.bigquery.frames import frame_of
from taxi_assets.metadata.numbers import ROW_COUNT


class ParquetFrameHandler(BigQueryPandasTypeHandler):
    """Appends a DataFrame to a table as a Parquet file, and reads one over BigQuery's REST API.

    The columns of the table have names in capitals, as with the handler that it replaces.
    """

    def handle_output(self, context: OutputContext, table_slice: Any, obj: pd.DataFrame, connection: Any) -> None:
        if not obj.empty:
            file = BytesIO(obj.rename(columns=str.upper).to_parquet(index=False))
            connection.load_table_from_file(
                file,
                f"{table_slice.schema}.{table_slice.table}",
                project=table_slice.database,
                location=_location(context),
                job_config=LoadJobConfig(source_format=SourceFormat.PARQUET),
            ).result()
        context.add_output_metadata({ROW_COUNT: len(obj), "dagster/storage_kind": "bigquery"})

    def load_input(self, context: InputContext, table_slice: Any, connection: Any) -> pd.DataFrame:
        query = BigQueryClient.get_select_statement(table_slice)
        job = connection.query(query, project=table_slice.database, location=_location(context))
        return frame_of(job.result()).rename(columns=str.lower)


class BigQueryParquetFrames(BigQueryPandasIOManager):
    """BigQueryPandasIOManager with the handler above."""

    @staticmethod
    def type_handlers() -> Sequence[ParquetFrameHandler]:
        return [ParquetFrameHandler()]


def _location(context: InputContext | OutputContext) -> Any:
    """BigQuery's location, from the IO manager's settings; None where it is not set."""
    return (context.resource_config or {}).get("location")
