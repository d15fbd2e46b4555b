"""A published file as we have it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxi_assets.model.datasets import FileFormat


@dataclass(frozen=True)
class Publication:
    """A published file as we have it: its bytes, unchanged, and what the publisher said of them.

    `publication` is whose file it is (`tlc`, `datatalks`, `sample`), wherever it was fetched from: two publishers
    have two truths of a month. `sha256` is the file's identity. `etag` and `last_modified` only save a download: they
    change without the content changing. `name` is the published name, `path` where the file lies.
    """

    publisher: str
    publication: str
    url: str
    name: str
    format: FileFormat
    path: Path
    sha256: str
    size: int
    etag: str | None
    last_modified: str | None
