"""A job's destination as BigQuery treats it: what is refused, replaced and kept.

Runs in local-bigquery's environment. Google's documentation and published error messages are the source; the
service itself was not watched.
"""
# mypy: disable-error-code="import-not-found"
# ruff: noqa: S608 (local-bigquery quotes the identifiers that go into the SQL here; the values are dates)

import contextlib
from collections.abc import Iterator
from typing import Any

import duckdb
from local_bigquery.catalog import names, tables
from local_bigquery.engine import database
from local_bigquery.engine.types import duckdb_type
from local_bigquery.errors import BigQueryError
from local_bigquery.models import Table

from taxi_assets_tests.servers.bigquery_partitions import Partition, Reference, inside, label

Connection = duckdb.DuckDBPyConnection
Untyped = Any

_write, _load = tables.write, tables.load


def load(project: str, dataset: str, name: str) -> Untyped:
    """A table's metadata; its rows are counted, because DuckDB's estimate includes those deleted."""
    table = _load(project, dataset, name)
    if table.numRows in {None, "0"}:
        return table
    [(rows,)] = database.fetch(f"SELECT count(*) FROM {tables.name(project, dataset, name)}")
    return table.replace(numRows=str(rows))


def layout(resource: Untyped) -> str:
    """How BigQuery words the partitioning and clustering of a table or of a job."""
    partitioning, clustering = resource.timePartitioning, resource.clustering
    words = []
    if partitioning:
        field = f",field:{partitioning.field}" if partitioning.field else ""
        words.append(f"interval(type:{(partitioning.type or 'DAY').lower()}{field})")
    if clustering:
        words.append(f"clustering({','.join(clustering.fields)})")
    return " ".join(words) or "none"


def given_fields(config: Untyped) -> list[Untyped]:
    """The columns that a job's own schema declares."""
    schema = getattr(config, "schema_", None)
    return (schema and schema.fields) or []


def check_table(table: Untyped, target: Reference, config: Untyped) -> None:
    """Refuses a job whose layout or column types are not those of the table that is there."""
    if (given := layout(config)) not in {"none", layout(table)}:
        expected = f"Expects partitioning specification {layout(table)}"
        message = f"{expected}, but input partitioning specification is {given}"
        raise BigQueryError("invalid", f"Incompatible table partitioning specification. {message}")
    there = {field.name.casefold(): field for field in tables.fields(table)}
    for field in given_fields(config):
        old = there.get(field.name.casefold())
        if old and duckdb_type(old) != duckdb_type(field):
            change = f"Field {field.name} has changed type from {old.type} to {field.type}"
            message = f"Provided Schema does not match Table {names.label(*target)}. {change}"
            raise BigQueryError("invalid", message)


def describe_new_columns(table: Untyped, target: Reference, config: Untyped) -> None:
    """Keeps what a job's schema says of the columns that it added to a table."""
    old = tables.fields(table)
    known = {field.name.casefold() for field in old}
    new = [field for field in given_fields(config) if field.name.casefold() not in known]
    if new:
        tables.annotate(target, Table(schema={"fields": [*old, *new]}))


def write(
    cursor: Connection,
    query: str,
    parameters: Untyped,
    target: Reference,
    config: Untyped,
    default: str = "WRITE_EMPTY",
    *rest: Untyped,
    **options: Untyped,
) -> bool:
    """Writes a job's rows to its destination; returns whether this made the table."""
    disposition = config.writeDisposition or default
    # Two first loads at once would each find no table, and the second would replace the first's.
    with database.writing(*target, "job"):
        partition = isinstance(target[2], Partition)
        table = tables.load(*target) if tables.exists(*target) else None
        kept = table if partition or disposition != "WRITE_TRUNCATE" else None
        if kept:
            check_table(kept, target, config)
        if partition:
            created = write_partition(cursor, query, parameters, target, config, table, disposition, *rest, **options)
        else:
            created = _write(cursor, query, parameters, target, config, default, *rest, **options)
        if kept:
            describe_new_columns(kept, target, config)
    return created


def write_partition(
    cursor: Connection,
    query: str,
    parameters: Untyped,
    target: Reference,
    config: Untyped,
    table: Untyped,
    disposition: str,
    *rest: Untyped,
    **options: Untyped,
) -> bool:
    """Writes rows to one partition of a table, which is None if it is not there yet."""
    condition = inside(target, (table or config).timePartitioning)
    appending = config.replace(writeDisposition="WRITE_APPEND")
    with staged(cursor, query, parameters) as rows:
        if cursor.execute(f"{rows} WHERE NOT coalesce({condition}, false) LIMIT 1").fetchone():
            message = "Some rows belong to different partitions rather than destination partition"
            raise BigQueryError("invalid", f"{message} {label(target)}")
        with transaction(cursor):
            if table:
                make_room(cursor, target, condition, disposition)
            return bool(_write(cursor, rows, None, target, appending, "WRITE_APPEND", *rest, **options))


@contextlib.contextmanager
def staged(cursor: Connection, query: str, parameters: Untyped) -> Iterator[str]:
    """A query for another query's rows as they are now: it may read the partition that they will replace."""
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE _staged AS {query}", parameters)
    try:
        yield "SELECT * FROM temp.main._staged"
    finally:
        cursor.execute("DROP TABLE temp.main._staged")


@contextlib.contextmanager
def transaction(cursor: Connection) -> Iterator[None]:
    """All of the block's statements, or none."""
    cursor.execute("BEGIN")
    try:
        yield
    except BaseException:
        cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")


def make_room(cursor: Connection, target: Reference, condition: str, disposition: str) -> None:
    """Does to the rows of a partition what a job's write disposition says."""
    table = tables.name(*target)
    if disposition == "WRITE_TRUNCATE":
        cursor.execute(f"DELETE FROM {table} WHERE {condition}")
    elif disposition == "WRITE_EMPTY" and cursor.execute(f"SELECT 1 FROM {table} WHERE {condition}").fetchone():
        raise BigQueryError("duplicate", f"Already Exists: Table {label(target)}")


def patch() -> None:
    """Puts these functions in the place of local-bigquery's, which it calls through their modules."""
    tables.load, tables.write = load, write
