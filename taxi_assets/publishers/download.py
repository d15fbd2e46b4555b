"""Downloads one file, over HTTP or from a folder, whole or not at all."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError

from taxi_assets import bounds
from taxi_assets.errors import CorruptFileError, TaxiError, message_of
from taxi_assets.progress import track
from taxi_assets.publishers.http import (
    RetryPolicy,
    TransientError,
    Validators,
    get,
    is_local,
    local_file,
    with_retries,
    without_credentials,
)
from taxi_assets.publishers.redirects import Redirects

_CHUNK = 1 << 20
_LONGEST_LENGTH = 18


@dataclass(frozen=True)
class Download:
    """A file that was fetched to `path`; `sha256` and `size` (bytes) are computed from what arrived.

    `url` holds no credentials.
    """

    path: Path
    url: str
    sha256: str
    size: int
    validators: Validators


def download(
    url: str,
    path: Path,
    known: Validators | None = None,
    retry_policy: RetryPolicy | None = None,
    *,
    redirects: Redirects | None = None,
    most_bytes: int = bounds.FILE_BYTES,
) -> Download | None:
    """Fetches `url` (http, https or file) to `path`; returns None if the file has not changed since `known`.

    Transient answers (408, 425, 429, 5xx), timeouts and incomplete bodies are retried with exponential backoff, and
    Retry-After is respected. Raises NotFoundError, TransientError when the retry policy is exhausted, CorruptFileError
    for a file of more than `most_bytes`, and TaxiError for any other answer.
    """
    if is_local(url):
        return _copy(url, path, known, most_bytes)
    return with_retries(
        retry_policy or RetryPolicy(),
        lambda deadline, limits: _get(get(url, known, limits, redirects), url, path, most_bytes, deadline),
    )


def _get(answer: requests.Response, url: str, path: Path, most_bytes: int, deadline: float) -> Download | None:
    with answer as response:
        if response.status_code == 304:
            return None
        shown = without_credentials(url)
        expected = _length(response.headers.get("Content-Length", ""))
        sha256, size = _save(_body(response, shown, deadline), path, expected, shown, most_bytes)
        if expected is not None and size != expected:
            raise TransientError(f"The download of {shown} broke off after {size:,} of {expected:,} bytes.")
        validators = Validators(response.headers.get("ETag"), response.headers.get("Last-Modified"))
        return Download(path, shown, sha256, size, validators)


def _length(text: str) -> int | None:
    """The bytes that a Content-Length announces; None when it is not there, or no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_LENGTH else None


def _copy(url: str, path: Path, known: Validators | None, most_bytes: int) -> Download | None:
    source, validators = local_file(url)
    if known == validators:
        return None
    try:
        with source.open("rb") as file:
            sha256, size = _save(iter(lambda: file.read(_CHUNK), b""), path, source.stat().st_size, url, most_bytes)
    except (IsADirectoryError, PermissionError) as error:
        raise TaxiError(f"{url} cannot be read: {message_of(error)}.", "Check the URL in TAXI_PUBLISHER.") from error
    return Download(path, url, sha256, size, validators)


def _body(response: requests.Response, url: str, deadline: float) -> Iterator[bytes]:
    """The bytes of the body as sent: a gzip file stays one, whatever Content-Encoding says."""
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            if time.monotonic() > deadline:
                raise TransientError(f"{url} is too slow: the time limit for one file has passed.")
            yield chunk
    except (HTTPError, OSError) as error:
        raise TransientError(f"{url} stopped sending: {message_of(error)}.") from error


def _save(chunks: Iterator[bytes], path: Path, expected: int | None, url: str, most_bytes: int) -> tuple[str, int]:
    """Writes the chunks to `path`; returns the SHA-256 of the content and its size in bytes.

    Raises CorruptFileError when more than `most_bytes` are announced, or come.
    """
    digest = hashlib.sha256()
    work = track("downloading", size=expected)
    size = 0
    with path.open("wb") as file:
        for chunk in chain([b""], chunks):
            if max(size + len(chunk), expected or 0) > most_bytes:
                raise CorruptFileError(
                    f"{url} is larger than {most_bytes:,} bytes, the most that such a file may have.",
                    "Look at what the publisher serves there. The bounds on files stand in taxi_assets/bounds.py.",
                )
            digest.update(chunk)
            size += file.write(chunk)
            work.update(size=size)
    return digest.hexdigest(), size
