"""The published file of a month, written into raw_trips' metadata and read out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dagster import AssetMaterialization, MetadataValue

from taxi_assets.model.publication import Publication
from taxi_assets.publishers.file_version import FileVersion
from taxi_assets.publishers.http import Validators


def link(url: str) -> MetadataValue[Any]:
    """A URL to click on, if a browser can open it."""
    return MetadataValue.url(url) if url.startswith("http") else MetadataValue.text(url)


def download_metadata(size: int, seconds: float) -> dict[str, Any]:
    """How fast `size` bytes were fetched; nothing when nothing was."""
    if size == 0:
        return {}
    return {"seconds": round(seconds, 3), "mb_per_second": round(size / 1e6 / max(seconds, 0.001), 3)}


def publication_metadata(publication: Publication, *, unchanged: bool) -> dict[str, Any]:
    """Where a published file came from and what identifies it."""
    return {
        "publisher": publication.publisher,
        "url": link(publication.url),
        "file": publication.name,
        "bytes": publication.size,
        "sha256": publication.sha256,
        "etag": publication.etag or "",
        "last_modified": publication.last_modified or "",
        "unchanged": unchanged,
    }


@dataclass(frozen=True)
class PublishedFile:
    """The file that a month was fetched from, and the SHA-256 of its bytes."""

    file: FileVersion | None
    sha256: str


def published_file(event: AssetMaterialization | None) -> PublishedFile:
    """What `publication_metadata` said; nothing, if the materialization was reported without it."""
    facts: dict[str, Any] = {key: value.value for key, value in (event.metadata if event else {}).items()}
    if not facts.get("url"):
        return PublishedFile(None, "")
    validators = Validators(facts.get("etag") or None, facts.get("last_modified") or None)
    return PublishedFile(FileVersion.of(facts["url"], validators, facts["bytes"]), facts["sha256"])
