"""The metadata of raw_trips: where the published file came from, and how fast."""

from __future__ import annotations

from typing import Any

from taxi_assets.metadata.recorded import FetchedFile
from taxi_assets.model.publication import Publication


def publication_metadata(publication: Publication, *, unchanged: bool) -> dict[str, Any]:
    """Where a published file came from, what identifies it, and whether it was here before."""
    return {
        "publisher": publication.publisher,
        "file": publication.name,
        **FetchedFile.of(publication).to_metadata(),
        "unchanged": unchanged,
    }


def download_metadata(size: int, seconds: float) -> dict[str, Any]:
    """How fast `size` bytes were downloaded; empty if none were."""
    if size == 0:
        return {}
    return {"seconds": round(seconds, 3), "mb_per_second": round(size / 1e6 / max(seconds, 0.001), 3)}
