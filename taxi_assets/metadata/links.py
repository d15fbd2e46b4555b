"""Where Google's console shows an object or a table."""

from __future__ import annotations

from urllib.parse import quote, urlencode

CONSOLE = "https://console.cloud.google.com"


def object_url(bucket: str, name: str) -> str:
    """The page of an object in Cloud Storage."""
    return f"{CONSOLE}/storage/browser/_details/{bucket}/{quote(name)}"


def table_url(project: str, dataset: str, table: str) -> str:
    """The page of a table in BigQuery."""
    place = {"project": project, "p": project, "d": dataset, "t": table, "page": "table"}
    return f"{CONSOLE}/bigquery?{urlencode(place)}"
