"""Partition decorators, as in `table$202101`: what they name, and the SQL for it.

Runs in local-bigquery's environment. Google's documentation is the source; the service itself was not watched.
"""
# mypy: disable-error-code="import-not-found"
# ruff: noqa: S608 (local-bigquery quotes the identifiers that go into the SQL here; the values are dates)

import datetime as dt
import re
from typing import Any

from local_bigquery.catalog import names, tabledata, tables
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import copy

DECORATED = re.compile(r"(?P<table>[^$]+)\$(?P<partition>.+)")
PARTITION_IDS = {"YEAR": "%Y", "MONTH": "%Y%m", "DAY": "%Y%m%d", "HOUR": "%Y%m%d%H"}

Reference = tuple[str, str, str]
Untyped = Any

_reference, _delete, _source = tables.reference, tables.delete, copy._source
_name, _list_rows = tabledata.name, tabledata.list_rows


class Partition(str):
    """The name of a table of which only one partition is meant."""

    id: str


def named(name: str) -> str:
    """The Partition that a decorated name means; any other name as it is."""
    decorated = DECORATED.fullmatch(name)
    if decorated is None:
        return name
    partition = Partition(decorated["table"])
    partition.id = decorated["partition"]
    return partition


def label(target: Reference) -> str:
    """A table's or a partition's name, as BigQuery's messages have it."""
    name = names.label(*target)
    return f"{name}${target[2].id}" if isinstance(target[2], Partition) else str(name)


def inside(target: Reference, partitioning: Untyped) -> str:
    """The SQL condition for rows of a partition of a table that is partitioned like this."""
    if not partitioning or not partitioning.field:
        raise BigQueryError("invalid", f"{label(target)}: the table is not partitioned by a column")
    kind = partitioning.type or "DAY"
    try:
        start = dt.datetime.strptime(getattr(target[2], "id", ""), PARTITION_IDS[kind])  # noqa: DTZ007 (no zone)
    except ValueError:
        raise BigQueryError("invalid", f"{label(target)}: not the id of a {kind} partition") from None
    return f"date_trunc('{kind}', {database.quote(partitioning.field)}) = TIMESTAMP '{start}'"


def reference(table: Untyped) -> Reference:
    """The table that a job names."""
    project, dataset, name = _reference(table)
    return project, dataset, named(name)


def source(target: Reference) -> str:
    """What a copy job reads."""
    if not isinstance(target[2], Partition):
        return str(_source(target))
    condition = inside(target, tables.load(*target).timePartitioning)
    return f"(SELECT * FROM {tables.name(*target)} WHERE {condition})"


def rows(project: str, dataset: str, name: str) -> str:
    """What is listed of a table, or of one partition of it; in the order of rowid, which a subquery has to bring."""
    target = (project, dataset, name)
    if not isinstance(name, Partition):
        return str(_name(*target))
    condition = inside(target, tables.load(*target).timePartitioning)
    return f"(SELECT rowid, * FROM {tables.name(*target)} WHERE {condition})"


def list_rows(project: str, dataset: str, name: str, *rest: Untyped) -> Untyped:
    """Rows without a query (tabledata.list)."""
    return _list_rows(project, dataset, named(name), *rest)


def delete(project: str, dataset: str, name: str) -> None:
    """Deletes a table, or one partition of it."""
    target = (project, dataset, named(name))
    if not isinstance(target[2], Partition):
        _delete(*target)
        return
    condition = inside(target, tables.load(*target).timePartitioning)
    database.execute(f"DELETE FROM {tables.name(*target)} WHERE {condition}")


def patch() -> None:
    """Puts these functions in the place of local-bigquery's, which it calls through their modules."""
    tables.reference, tables.delete, copy._source = reference, delete, source
    tabledata.name, tabledata.list_rows = rows, list_rows
