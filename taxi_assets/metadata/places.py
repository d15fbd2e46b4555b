"""Where a month lies, and what to type or to open to look at it."""

from __future__ import annotations

from typing import Any

from dagster import MetadataValue

from taxi_assets.metadata.links import object_url
from taxi_assets.metadata.numbers import ROW_COUNT
from taxi_assets.transform.month_file import MonthFile


def file_metadata(file: MonthFile) -> dict[str, Any]:
    """Of a month's Parquet file, on this machine or in Cloud Storage."""
    facts = {ROW_COUNT: file.rows, "bytes": file.size, "dagster/uri": file.uri}
    if file.path:
        return {**facts, "path": MetadataValue.path(str(file.path))}
    bucket, _, name = file.uri.removeprefix("gs://").partition("/")
    return {**facts, "console": MetadataValue.url(object_url(bucket, name))}


def table_metadata(storage: str, table: str, rows: int, size: int, query: str) -> dict[str, Any]:
    """Of the table, by its full name, that took a month's rows from a file of `size` bytes; `query` selects them."""
    return {
        ROW_COUNT: rows,
        "loaded_bytes": size,
        "dagster/table_name": table,
        "dagster/storage_kind": storage,
        "query": query,
    }
