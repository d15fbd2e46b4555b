"""What people see of a materialization and of an asset: the metadata, under Dagster's own keys where it has some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dagster import MetadataValue, TableColumn, TableSchema

from taxi_assets.cleaning import Tally
from taxi_assets.columns import Column
from taxi_assets.stores.lake import Publication
from taxi_assets.stores.parquet import MonthFile


def column_metadata(columns: Sequence[Column]) -> dict[str, Any]:
    """The columns of a table with their meanings, in the types of Postgres."""
    described = [
        TableColumn(column.name, column.kind.value.postgres, description=column.description) for column in columns
    ]
    return {"dagster/column_schema": TableSchema(described)}


def publication_metadata(publication: Publication, *, unchanged: bool) -> dict[str, Any]:
    """Where a published file came from and what identifies it."""
    return {
        "publisher": publication.publisher,
        "url": publication.url,
        "file": publication.name,
        "bytes": publication.size,
        "sha256": publication.sha256,
        "etag": publication.etag or "",
        "last_modified": publication.last_modified or "",
        "unchanged": unchanged,
    }


def tally_metadata(tally: Tally) -> dict[str, Any]:
    """Rows in and rows out: raw = clean + quarantined + duplicates."""
    return {
        "raw_rows": tally.raw,
        "quarantined_rows": tally.quarantined,
        "duplicate_rows": tally.duplicates,
        "quarantine_reasons": MetadataValue.md(_counts("reason", tally.reasons)),
        "flagged_rows": MetadataValue.md(_counts("flag", tally.flags)),
    }


def file_metadata(file: MonthFile) -> dict[str, Any]:
    """Rows, size and place of a month's Parquet file."""
    place = MetadataValue.path(str(file.path)) if file.path else MetadataValue.text(file.uri)
    return {"dagster/row_count": file.rows, "bytes": file.size, "uri": place}


def table_metadata(table: str, rows: int) -> dict[str, Any]:
    """Rows and name of the table that a month went into."""
    return {"dagster/row_count": rows, "dagster/table_name": table}


def _counts(title: str, counts: Mapping[str, int]) -> str:
    lines = [f"| {name} | {count:,} |" for name, count in counts.items()]
    return "\n".join([f"| {title} | rows |", "|---|---:|", *lines])
