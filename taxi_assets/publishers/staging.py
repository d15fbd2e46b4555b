"""Published files in the staging folder: removed unless they prove to be whole, then described as a publication."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taxi_assets.atomic_files import discard, hold
from taxi_assets.model.datasets import FileFormat
from taxi_assets.model.publication import Publication
from taxi_assets.publishers.download import Download


@contextmanager
def staged(folder: Path, name: str) -> Iterator[Path]:
    """A file in the staging folder for a download, under a name of its own; removed when the block raises.

    It is this process's from then on; `discard` removes it, and `Lake.keep` moves it into the lake.
    """
    path = hold(folder, name)
    try:
        yield path
    except BaseException:
        discard(path)
        raise


def publication_of(
    publisher_name: str, publication: str, name: str, file_format: FileFormat, fetched: Download
) -> Publication:
    """Describes a download as the file `name`; the other parameters are the fields of `Publication`."""
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
