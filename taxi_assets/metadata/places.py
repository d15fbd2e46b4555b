"""Where a month is stored, and how to look at it: a link to open, or a query to run."""

from __future__ import annotations

import re
import shlex
from typing import Any

from dagster import MetadataValue

from taxi_assets.metadata.links import object_url
from taxi_assets.metadata.recorded import LoadedTrips
from taxi_assets.transform.month_file import MonthFile


def shell_quoted(text: str) -> str:
    """The text as one word of a shell command, in the quotes that leave it readable."""
    if "'" in text and not re.search(r'["$`\\!]', text):
        return f'"{text}"'
    return shlex.quote(text)


def file_metadata(file: MonthFile) -> dict[str, Any]:
    """The rows, size and place of a month's Parquet file, on this machine or in Cloud Storage."""
    facts = {**LoadedTrips(rows=file.rows).to_metadata(), "bytes": file.size, "dagster/uri": file.uri}
    if file.path:
        return {**facts, "path": MetadataValue.path(str(file.path))}
    bucket, _, name = file.uri.removeprefix("gs://").partition("/")
    return {**facts, "console": MetadataValue.url(object_url(bucket, name))}


def table_metadata(storage: str, table: str, rows: int, size: int, query: str) -> dict[str, Any]:
    """The table that a month was loaded into, by its full name, with a query that selects the month.

    `size` is that of the loaded file in bytes.
    """
    return {
        **LoadedTrips(rows=rows).to_metadata(),
        "loaded_bytes": size,
        "dagster/table_name": table,
        "dagster/storage_kind": storage,
        "query": query,
    }
