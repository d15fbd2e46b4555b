"""A published file in the staging folder: gone when it does not prove whole, else described as a publication."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taxi_assets.model.datasets import FileFormat
from taxi_assets.model.publication import Publication
from taxi_assets.publishers.download import Download


@contextmanager
def removed_on_failure(path: Path) -> Iterator[None]:
    """Removes the file when the block raises."""
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def publication_of(
    publisher_name: str, publication: str, name: str, file_format: FileFormat, fetched: Download
) -> Publication:
    """The download under its published `name`; of the publisher and the publication that `Publication` tells of."""
    return Publication(
        publisher=publisher_name,
        publication=publication,
        url=fetched.url,
        name=name,
        format=file_format,
        path=fetched.path,
        sha256=fetched.sha256,
        size=fetched.size,
        etag=fetched.validators.etag,
        last_modified=fetched.validators.last_modified,
    )
