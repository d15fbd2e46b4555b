"""BigQuery's errors in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.exceptions import GoogleAPICallError

from taxi_assets.errors import TaxiError


@contextmanager
def translated_errors(table: str) -> Iterator[None]:
    """Raises TaxiError in place of what Google's client raises about a table, by its full name."""
    try:
        yield
    except GoogleAPICallError as error:
        code = error.code or 0
        advice = ""
        if code in {401, 403}:
            advice = "Grant roles/bigquery.dataEditor on the dataset and roles/bigquery.jobUser on the project."
        raise TaxiError(
            f"BigQuery failed on {table}: {error.message}.", advice, retry=code in {408, 429} or code >= 500
        ) from error
