"""The program that runs in local-bigquery's environment: local-bigquery, plus what it lacks of BigQuery.

Only the standard library, the packages of bigquery.lock and the modules imported here are at hand there.
"""
# mypy: disable-error-code="import-not-found"

import threading
from typing import Any

import duckdb
from local_bigquery import cli
from local_bigquery.jobs import runner

from taxi_assets_tests.servers import bigquery_loads, bigquery_partitions, bigquery_tables, bigquery_views

Untyped = Any

_connect, _submit = duckdb.connect, runner.submit
_submitting = threading.Lock()


def connect(path: str = ":memory:", read_only: bool = False, config: Untyped = None) -> duckdb.DuckDBPyConnection:
    """Connect with the extensions that are installed; DuckDB would download what it misses."""
    options = {**(config or {}), "autoinstall_known_extensions": False}
    # Among the options it would be set before the extension that knows it is loaded.
    zone = options.pop("TimeZone", None)
    connection = _connect(path, read_only, options)
    if zone:
        connection.execute(f"SET GLOBAL TimeZone = '{zone}'")
    return connection


def submit(*arguments: Untyped, **options: Untyped) -> Untyped:
    """Takes a job; one at a time, so that of two jobs with one id exactly one is refused."""
    with _submitting:
        return _submit(*arguments, **options)


def main() -> None:
    """Serve, with our functions in the place of local-bigquery's, which it calls through their modules."""
    duckdb.connect = connect  # type: ignore[assignment]
    runner.submit = submit
    for module in (bigquery_partitions, bigquery_tables, bigquery_loads, bigquery_views):
        module.patch()
    cli.main()


if __name__ == "__main__":
    main()
