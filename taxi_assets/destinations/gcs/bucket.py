"""A month's file in a Google Cloud Storage bucket: uploaded whole, verified, never over another writer's newer copy."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import partial
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

import google_crc32c
import pyarrow.parquet as pq
from google.api_core.exceptions import GoogleAPICallError, NotFound, PreconditionFailed
from google.cloud.storage.retry import DEFAULT_RETRY

from taxi_assets.errors import MissingObjectError, TaxiError
from taxi_assets.progress import track
from taxi_assets.transform.month_file import MonthFile, facts_in

if TYPE_CHECKING:
    from google.cloud.storage import Blob, Client

_CHUNK = 1 << 20
_FOOTER_BYTES = 256 << 10
_PIECE_BYTES = 8 << 20
"""How much of an upload is in memory at a time; Google's client would take 100 MB."""


@dataclass(frozen=True)
class Bucket:
    """A bucket by name, reached through Google's client."""

    client: Client
    name: str

    def upload(self, path: Path, name: str) -> MonthFile:
        """Uploads a local file as the object `name`, replacing it; an object with the same bytes is left alone.

        The upload is conditional on the generation seen before it, and verified by CRC32C. When another writer came
        first, the checksum of what is there decides: the same bytes count as success. Raises TaxiError otherwise.
        """
        blob = self.client.bucket(self.name).blob(name)
        checksum = _crc32c(path)
        try:
            if self._checksum(blob) != checksum:
                self._send(blob, path, checksum)
        except GoogleAPICallError as error:
            raise _translated(error, f"gs://{self.name}/{name}") from error
        local = MonthFile.local(path)
        return MonthFile(f"gs://{self.name}/{name}", local.rows, local.size, local.schema, local.facts)

    def file(self, name: str) -> MonthFile:
        """The month in an object, described by its footer; raises MissingObjectError when there is no object."""
        blob = self.client.bucket(self.name).blob(name)
        try:
            blob.reload()
            with blob.open("rb", chunk_size=_FOOTER_BYTES) as reader:
                footer = pq.ParquetFile(reader, pre_buffer=False)
                schema, metadata = footer.schema_arrow.remove_metadata(), footer.metadata
        except NotFound as error:
            raise MissingObjectError(
                f"There is no gs://{self.name}/{name}.", "Load the month into the bucket first."
            ) from error
        except GoogleAPICallError as error:
            raise _translated(error, f"gs://{self.name}/{name}") from error
        return MonthFile(
            f"gs://{self.name}/{name}",
            metadata.num_rows,
            blob.size or 0,
            schema,
            facts_in(metadata),
            download=partial(self._download, name),
        )

    def has(self, name: str) -> bool:
        """Whether there is an object `name`. Raises TaxiError when Cloud Storage cannot be asked."""
        try:
            return self._checksum(self.client.bucket(self.name).blob(name)) is not None
        except GoogleAPICallError as error:
            raise _translated(error, f"gs://{self.name}/{name}") from error

    def _download(self, name: str, path: Path) -> None:
        """Copies an object to a local file, verified by CRC32C."""
        try:
            self.client.bucket(self.name).blob(name).download_to_filename(str(path), checksum="crc32c")
        except GoogleAPICallError as error:
            raise _translated(error, f"gs://{self.name}/{name}") from error

    def _checksum(self, blob: Blob) -> str | None:
        """The CRC32C of the object as it is now, None when there is none; sets the blob's generation."""
        try:
            blob.reload()
        except NotFound:
            return None
        checksum: str | None = blob.crc32c
        return checksum

    def _send(self, blob: Blob, path: Path, checksum: str) -> None:
        blob.chunk_size = _PIECE_BYTES
        try:
            with _Counted(path) as file:
                blob.upload_from_file(
                    file,
                    size=path.stat().st_size,
                    content_type="application/vnd.apache.parquet",
                    if_generation_match=blob.generation or 0,
                    checksum="crc32c",
                    retry=DEFAULT_RETRY,
                )
        except PreconditionFailed as error:
            if self._checksum(blob) != checksum:
                raise TaxiError(
                    f"Another writer replaced gs://{self.name}/{blob.name} at the same time.",
                    "Run the month again.",
                    retry=True,
                ) from error


class _Counted(FileIO):
    """A file being uploaded, which reports progress: its reader has sent what it read before."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._work = track("uploading", size=path.stat().st_size)

    def read(self, size: int | None = -1) -> bytes:
        self._work.update(size=self.tell())
        return super().read(-1 if size is None else size)


def _crc32c(path: Path) -> str:
    """The CRC32C of a file in Cloud Storage's notation: big-endian, in base64."""
    checksum = google_crc32c.Checksum()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            checksum.update(chunk)
    return base64.b64encode(checksum.digest()).decode()


def _translated(error: GoogleAPICallError, uri: str) -> TaxiError:
    """What an error of Cloud Storage means for people."""
    code = error.code or 0
    if code in {401, 403}:
        return TaxiError(
            f"Not allowed to write {uri}: {error.message}.", "Grant roles/storage.objectUser on the bucket."
        )
    if code == 404:
        return TaxiError(
            f"No such bucket or object: {uri}.",
            "Create the bucket, or set TAXI_GCS_BUCKET to one that exists.",
        )
    return TaxiError(
        f"Cloud Storage failed on {uri}: {error.message}.",
        "Nothing was changed there.",
        retry=code in {408, 429} or code >= 500,
    )
