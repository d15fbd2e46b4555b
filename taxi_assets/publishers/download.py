"""Downloads one file, over HTTP or from a folder, whole or not at all."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError

from taxi_assets.errors import message_of
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

_CHUNK = 1 << 20


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
    url: str, path: Path, known: Validators | None = None, retry_policy: RetryPolicy | None = None
) -> Download | None:
    """Fetches `url` (http, https or file) to `path`; returns None if the file has not changed since `known`.

    Transient answers (408, 425, 429, 5xx), timeouts and incomplete bodies are retried with exponential backoff, and
    Retry-After is respected. Raises NotFoundError, TransientError when the retry policy is exhausted, and TaxiError for
    any other answer.
    """
    fetch = _copy if is_local(url) else _get
    return with_retries(
        retry_policy or RetryPolicy(), lambda deadline, limits: fetch(url, path, known, limits, deadline)
    )


def _get(url: str, path: Path, known: Validators | None, limits: RetryPolicy, deadline: float) -> Download | None:
    with get(url, known, limits) as response:
        if response.status_code == 304:
            return None
        shown = without_credentials(url)
        length = response.headers.get("Content-Length")
        expected = None if length is None else int(length)
        sha256, size = _save(_body(response, shown, deadline), path, expected)
        if expected is not None and size != expected:
            raise TransientError(f"The download of {shown} broke off after {size:,} of {expected:,} bytes.")
        validators = Validators(response.headers.get("ETag"), response.headers.get("Last-Modified"))
        return Download(path, shown, sha256, size, validators)


def _copy(url: str, path: Path, known: Validators | None, _limits: RetryPolicy, _deadline: float) -> Download | None:
    source, validators = local_file(url)
    if known == validators:
        return None
    with source.open("rb") as file:
        sha256, size = _save(iter(lambda: file.read(_CHUNK), b""), path, source.stat().st_size)
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


def _save(chunks: Iterator[bytes], path: Path, expected: int | None) -> tuple[str, int]:
    """Writes the chunks to `path`; returns the SHA-256 of the content and its size in bytes."""
    digest = hashlib.sha256()
    work = track("downloading", size=expected)
    size = 0
    with path.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            size += file.write(chunk)
            work.update(size=size)
    return digest.hexdigest(), size
