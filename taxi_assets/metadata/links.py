"""Links that people click: to published files, and to the pages of Google's console."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from dagster import MetadataValue

CONSOLE = "https://console.cloud.google.com"


def link(url: str) -> MetadataValue[Any]:
    """The URL, clickable if a browser can open it."""
    return MetadataValue.url(url) if url.startswith("http") else MetadataValue.text(url)


def object_url(bucket: str, name: str) -> str:
    """The console's page of an object in Cloud Storage."""
    return f"{CONSOLE}/storage/browser/_details/{bucket}/{quote(name)}"


def table_url(project: str, dataset: str, table: str) -> str:
    """The console's page of a table in BigQuery."""
    place = {"project": project, "p": project, "d": dataset, "t": table, "page": "table"}
    return f"{CONSOLE}/bigquery?{urlencode(place)}"
