"""Where a run is: it tells when it enters one of the stages of a month's path, by wrapping what does the work there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from taxi_assets.destinations.duckdb.table import DuckDBTable
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.destinations.postgres import partition
from taxi_assets.destinations.postgres import table as postgres_table
from taxi_assets.io_managers import clean_parquet, local_bucket
from taxi_assets.io_managers.frames import FrameTables
from taxi_assets.io_managers.zones import ZoneTables
from taxi_assets.publishers import web
from taxi_assets.transform.month_file import MonthWriter

Entered = Callable[[str], None]
BEFORE, AFTER = "before", "after"
STAGES = ("download", "lake", "cleaning", "Parquet", "upload", "warehouse", "COPY", "swap", "marts")
"""A stage lasts until the next one begins; checks belong to the stage that they follow."""
_WORK: list[tuple[str, Any, str]] = [
    ("download", web, "download"),
    ("lake", Lake, "keep"),
    ("cleaning", clean_parquet, "write_both"),
    ("Parquet", MonthWriter, "finish"),
    ("upload", local_bucket, "copy_to"),
    ("warehouse", DuckDBTable, "replace_month"),
    ("COPY", partition, "copy_rows"),
    ("swap", postgres_table, "with_short_locks"),
    ("marts", ZoneTables, "join"),
    ("marts", FrameTables, "handle_output"),
]


def tell(entered: Entered, google: bool) -> None:
    """Has this process call `entered` with the name of each stage that it enters from now on."""
    for stage, owner, name in [*_WORK, *(_google() if google else [])]:
        setattr(owner, name, _telling(stage, getattr(owner, name), entered))


def _google() -> list[tuple[str, Any, str]]:
    from taxi_assets.destinations.bigquery.table import BigQueryTable  # noqa: PLC0415 a second to import
    from taxi_assets.destinations.gcs.bucket import Bucket  # noqa: PLC0415 the same

    return [("upload", Bucket, "upload"), ("warehouse", BigQueryTable, "replace_month")]


def _telling(stage: str, work: Callable[..., Any], entered: Entered) -> Callable[..., Any]:
    @functools.wraps(work)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        entered(stage)
        return work(*arguments, **options)

    return wrapped
