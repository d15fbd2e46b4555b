"""What is checked of the publisher, the local warehouse and the alert webhook."""

from __future__ import annotations

from taxi_assets.cli.doctor.findings import Finding, off, ok, problem, warning
from taxi_assets.model.datasets import YELLOW_TAXI
from taxi_assets.publishers.base import publisher
from taxi_assets.publishers.http import QUICK, without_credentials
from taxi_assets.settings import ALERT_WEBHOOK, Settings

WAREHOUSE_SECONDS = 1.0


def published(settings: Settings) -> Finding:
    """Whether the publisher answers, and has a month that it is known to have. Raises TaxiError."""
    if settings.publisher == "sample":
        return ok("sample: months are made up here")
    asked = publisher(
        settings.publisher,
        sample_rows=settings.sample_rows,
        sample_format=settings.sample_format,
        retry_policy=QUICK,
        redirect_hosts=settings.redirect_hosts,
    )
    shown = without_credentials(settings.publisher)
    months = YELLOW_TAXI.control_months.values()
    seen = next(filter(None, (asked.probe(YELLOW_TAXI, month) for month in months)), None)
    if seen:
        return ok(f"{shown}: {seen.url} is there")
    return problem(
        f"{shown} answers, but has yellow neither for {' nor for '.join(map(str, months))}.",
        "Is TAXI_PUBLISHER the right address? If it is a mirror without those months, all is well.",
    )


def warehouse(settings: Settings) -> Finding:
    """Whether the local warehouse can be opened, which is not waited for while a run uses it. Raises TaxiError."""
    if settings.bq_dataset is not None:
        return off("local one not used: months go to BigQuery")
    if not settings.warehouse.exists():
        return ok(f"{settings.warehouse} will be created")
    from taxi_assets.destinations.duckdb.file import DuckDBFile
    from taxi_assets.destinations.duckdb.holder import HeldError

    file = DuckDBFile(settings.warehouse, wait_seconds=WAREHOUSE_SECONDS, queue_seconds=WAREHOUSE_SECONDS)
    try:
        # As a load opens it: a shell that only reads keeps loads out, too.
        with file.connected(read_only=False) as connection:
            tables = len(connection.execute("SELECT 1 FROM duckdb_tables()").fetchall())
    except HeldError as error:
        return ok(f"{settings.warehouse} is in use") if error.by_run else warning(error.cause, error.advice)
    return ok(f"{settings.warehouse}: {tables} tables")


def webhook(settings: Settings) -> Finding:
    """Whether failed runs are reported. Nothing is sent."""
    if settings.alert_webhook:
        return ok("is set: the sensor failed_runs reports failed runs there, while Dagster's daemon runs")
    return off(f"{ALERT_WEBHOOK} is not set: failed runs are reported nowhere")
