"""Views by BigQuery's API, over tables that ask their queries for a partition filter.

Runs in local-bigquery's environment. BigQuery makes such a view (m-lab/etl-gardener issue 317) and asks for the filter
when the view is queried; that it asks then is left out here.
"""
# mypy: disable-error-code="import-not-found"

from contextvars import ContextVar
from typing import Any

from local_bigquery.api import tables as api
from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.sql.rules import tables as rules

Untyped = Any

_translate, _update, _check = api.translate_view, tables.update, rules._check
_making_a_view: ContextVar[bool] = ContextVar("making_a_view", default=False)


def translate(project: str, dataset: str, query: str) -> str:
    """What DuckDB runs for a view's query."""
    token = _making_a_view.set(True)
    try:
        return str(_translate(project, dataset, query))
    finally:
        _making_a_view.reset(token)


def check(*arguments: Untyped) -> None:
    """Refuses a query that BigQuery refuses by its tables; a view may be made without a filter."""
    try:
        _check(*arguments)
    except BigQueryError as error:
        if not (_making_a_view.get() and "partition elimination" in str(error)):
            raise


def update(project: str, dataset: str, name: str, body: Untyped, *rest: Untyped) -> Untyped:
    """Changes a table's metadata; a view's query too."""
    if body.view:
        query = translate(project, dataset, body.view.query)
        database.execute(f"CREATE OR REPLACE VIEW {tables.name(project, dataset, name)} AS {query}")
    return _update(project, dataset, name, body, *rest)


def patch() -> None:
    """Puts these functions in the place of local-bigquery's, which it calls through their modules."""
    api.translate_view, tables.update, rules._check = translate, update, check
