"""A published file on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taxi_assets.model.datasets import FileFormat


@dataclass(frozen=True)
class Publication:
    """A published file on this machine: its bytes, unchanged, and what the publisher's server said about them.

    `publication` is who published it (`tlc`, `datatalks`, `sample`), wherever it was fetched from: publishers differ in
    what a month holds. `sha256` identifies the content. `etag` and `last_modified` only save downloads: they may change
    while the content does not. `name` is the published name, `path` the file on this machine.
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
