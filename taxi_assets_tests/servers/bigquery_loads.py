"""What a load job reads, as BigQuery reads it: which files, and which of their columns.

Runs in local-bigquery's environment. Google's documentation and published error messages are the source; the
service itself was not watched.
"""
# mypy: disable-error-code="import-not-found"
# ruff: noqa: S608 (the SQL is local-bigquery's own)

import urllib.error
import urllib.parse
import urllib.request
from http import HTTPStatus
from typing import Any

import duckdb
from local_bigquery.engine.types import duckdb_type
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import load, storage

INTEGERS = {"tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger"}
MOMENTS = {"timestamp", "timestamp_ns", "timestamp_ms", "timestamp_s", "timestamp with time zone"}
# Which columns of a Parquet file, by DuckDB's names, a column of the table takes: BigQuery converts no numbers.
TAKEN = {
    "BIGINT": INTEGERS,
    "DOUBLE": {"float", "double"},
    "BOOLEAN": {"boolean"},
    "VARCHAR": {"varchar", "blob"},
    "DATE": {"date"},
    "TIMESTAMP": MOMENTS,
    "TIMESTAMPTZ": MOMENTS,
}

Connection = duckdb.DuckDBPyConnection
Untyped = Any

_paths, _hive, _reader = load.paths, load._hive, load._reader


def paths(cursor: Connection, uri: str) -> list[str]:
    """What DuckDB reads for an address; refuses an object that is not there as "not found", not "invalid"."""
    endpoint = storage._emulator(uri)
    if endpoint and "*" not in uri:
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        address = f"{endpoint}/storage/v1/b/{bucket}/o/{urllib.parse.quote(name, safe='')}"
        try:
            urllib.request.urlopen(address).close()  # noqa: S310 (the address is the test's own server)
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                raise BigQueryError("notFound", f"Not found: URI {uri}") from None
    return list(_paths(cursor, uri))


def hive(config: Untyped) -> dict[str, str]:
    """Takes columns from folder names like trip_month=2021-01-01 only if asked to; DuckDB would by itself."""
    return _hive(config) or {"hive_partitioning": "false"}


def reader(cursor: Connection, files: str, config: Untyped, fields: list[Untyped]) -> str:
    """The SQL that reads the files; refuses Parquet files that the job's schema does not fit."""
    sql = str(_reader(cursor, files, config, fields))
    if config.sourceFormat == "PARQUET" and fields and not config.hivePartitioningOptions:
        relation = cursor.sql(f"SELECT * FROM {sql} LIMIT 0")
        check_columns(dict(zip(relation.columns, relation.types, strict=True)), config, fields)
    return sql


def check_columns(columns: dict[str, Untyped], config: Untyped, fields: list[Untyped]) -> None:
    """Refuses columns of another type than the schema's, and columns that it does not have."""
    declared = {field.name.casefold(): field for field in fields}
    for name, kind in columns.items():
        field = declared.get(name.casefold())
        if field is None and not config.ignoreUnknownValues:
            raise _unreadable(f"Parquet column '{name}' is not in the schema")
        if field and kind.id not in TAKEN.get(duckdb_type(field), {kind.id}):
            raise _unreadable(f"Parquet column '{name}' has type {kind} which does not match the target {field.type}")


def _unreadable(message: str) -> BigQueryError:
    return BigQueryError("invalid", f"Error while reading data, error message: {message}")


def patch() -> None:
    """Puts these functions in the place of local-bigquery's, which it calls through their modules."""
    load.paths, load._hive, load._reader = paths, hive, reader
