"""The metadata that is read back: the file that raw_trips fetched, and which trips a copy of the month holds.

Sensors and marts learn from materializations what is loaded. They read these keys and no others: all other metadata is
for people, and may be renamed freely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dagster import AssetMaterialization

from taxi_assets.metadata.links import link
from taxi_assets.metadata.numbers import ROW_COUNT
from taxi_assets.model.origin import PUBLISHER
from taxi_assets.model.publication import Publication
from taxi_assets.publishers.file_version import FileVersion
from taxi_assets.publishers.http import Validators
from taxi_assets.transform.first_rows import FIRST_ROWS


@dataclass(frozen=True)
class FetchedFile:
    """The published file that raw_trips fetched. `sha256` is of its bytes, `size` is their number.

    `etag` and `last_modified` are None where the publisher gave none.
    """

    url: str
    sha256: str
    size: int
    etag: str | None = None
    last_modified: str | None = None

    @classmethod
    def of(cls, publication: Publication) -> FetchedFile:
        """The file of a publication, without where it lies here."""
        return cls(publication.url, publication.sha256, publication.size, publication.etag, publication.last_modified)

    @classmethod
    def from_materialization(cls, event: AssetMaterialization | None) -> FetchedFile | None:
        """The file that a materialization of raw_trips recorded; None if it was reported without one."""
        values = _values(event)
        url, sha256, size = (values.get(key) for key in ("url", "sha256", "bytes"))
        if not (url and sha256 and isinstance(size, int)):
            return None
        return cls(str(url), str(sha256), size, values.get("etag") or None, values.get("last_modified") or None)

    def to_metadata(self) -> dict[str, Any]:
        return {
            "url": link(self.url),
            "bytes": self.size,
            "sha256": self.sha256,
            "etag": self.etag or "",
            "last_modified": self.last_modified or "",
        }

    @property
    def version(self) -> FileVersion:
        """The file as a later probe of the publisher would describe it."""
        return FileVersion.of(self.url, Validators(self.etag, self.last_modified), self.size)


@dataclass(frozen=True)
class LoadedTrips:
    """The trips of a month in an asset, as far as recorded.

    `publisher` is whose they are, `rows` how many. `first_rows` is the limit of a try-out, None for a whole month.
    """

    publisher: str | None = None
    rows: int | None = None
    first_rows: int | None = None

    @classmethod
    def from_materialization(cls, event: AssetMaterialization | None) -> LoadedTrips:
        """What a materialization of clean_trips, of a copy or of a mart recorded."""
        values = _values(event)
        return cls(values.get(PUBLISHER), values.get(ROW_COUNT), values.get(FIRST_ROWS))

    def to_metadata(self) -> dict[str, Any]:
        """What is known; an asset and its IO manager each write their part."""
        values = {PUBLISHER: self.publisher, ROW_COUNT: self.rows, FIRST_ROWS: self.first_rows}
        return {key: value for key, value in values.items() if value is not None}


def _values(event: AssetMaterialization | None) -> dict[str, Any]:
    return {key: value.value for key, value in event.metadata.items()} if event else {}
