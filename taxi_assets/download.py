"""Fetching one file over HTTP, or from a folder, whole or not at all.

Knows nothing of TLC: which file to fetch and what its absence means is said in `publishers.py`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
import tenacity
from urllib3.exceptions import HTTPError

from taxi_assets.errors import TaxiError

_T = TypeVar("_T")
_CHUNK = 1 << 20
_ABSENT = {403, 404, 410}
_PASSING = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Patience:
    """How long to wait for a publisher, in seconds. `total` bounds everything, retries and slow drips included."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 1800.0
    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0


@dataclass(frozen=True)
class Validators:
    """What a server said of a file, to ask later whether it has changed."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Download:
    """A file as fetched to `path`; `sha256` and `size` (bytes) are of what arrived."""

    path: Path
    url: str
    sha256: str
    size: int
    validators: Validators


class AbsentError(TaxiError):
    """The server answered 403, 404 or 410 (in `status`): it has no such file, or does not want to give it."""

    def __init__(self, url: str, status: int) -> None:
        super().__init__(f"{url} answered {status}.")
        self.url = url
        self.status = status


class PassingError(TaxiError):
    """A failure that another try may mend; `wait` is what the server asked for, in seconds."""

    def __init__(self, cause: str, wait: float = 0.0) -> None:
        super().__init__(cause, "Try again later.", retry=True)
        self.wait = wait


def download(
    url: str, path: Path, known: Validators | None = None, patience: Patience | None = None
) -> Download | None:
    """Fetches `url` (http, https or file) to `path`; None when the server says it is as in `known`.

    Server errors (408, 425, 429, 5xx), timeouts and cut bodies are tried again with growing waits, heeding
    Retry-After. Raises AbsentError, PassingError when patience ends, and TaxiError for any other answer.
    """
    fetch = _copy if urlsplit(url).scheme == "file" else _get
    return _patiently(patience or Patience(), lambda deadline, limits: fetch(url, path, known, limits, deadline))


def exists(url: str, patience: Patience | None = None) -> bool:
    """Whether the server has the file; raises PassingError when it cannot be asked."""
    if urlsplit(url).scheme == "file":
        return _local(url).exists()

    def ask(_deadline: float, limits: Patience) -> bool:
        # Not HEAD: some servers do not answer it. The body stays unread.
        with _answer("GET", url, {}, limits) as response:
            return response.ok

    try:
        return _patiently(patience or Patience(), ask)
    except AbsentError:
        return False


def _patiently(patience: Patience, attempt: Callable[[float, Patience], _T]) -> _T:
    deadline = time.monotonic() + patience.total
    jitter = tenacity.wait_random(0, patience.first_wait)
    growing = tenacity.wait_exponential(patience.first_wait, patience.longest_wait) + jitter

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, PassingError) else 0.0
        return max(asked, growing(state))

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(PassingError),
        stop=tenacity.stop_after_attempt(patience.attempts) | tenacity.stop_before_delay(patience.total),
        wait=wait,
        reraise=True,
    )
    return retrying(attempt, deadline, patience)


def _get(url: str, path: Path, known: Validators | None, patience: Patience, deadline: float) -> Download | None:
    with _answer("GET", url, _conditions(known), patience) as response:
        if response.status_code == 304 and known is not None:
            return None
        if response.status_code == 304:
            raise TaxiError(f"{url} answered 304 to an unconditional request.", "The server is broken.")
        length = response.headers.get("Content-Length")
        sha256, size = _save(_body(response, url, deadline), path)
        if length is not None and size != int(length):
            raise PassingError(f"{url} broke off after {size:,} of {int(length):,} bytes.")
        validators = Validators(response.headers.get("ETag"), response.headers.get("Last-Modified"))
        return Download(path, url, sha256, size, validators)


def _copy(url: str, path: Path, known: Validators | None, _patience: Patience, _deadline: float) -> Download | None:
    source = _local(url)
    if not source.exists():
        raise AbsentError(url, 404)
    facts = source.stat()
    validators = Validators(etag=f"{facts.st_mtime_ns}-{facts.st_size}")
    if known == validators:
        return None
    with source.open("rb") as file:
        sha256, size = _save(iter(lambda: file.read(_CHUNK), b""), path)
    return Download(path, url, sha256, size, validators)


def _answer(method: str, url: str, headers: dict[str, str], patience: Patience) -> requests.Response:
    """The answer to a request, its body unread; its status is 2xx or 304."""
    try:
        response = requests.request(
            method,
            url,
            headers={"Accept-Encoding": "identity", "User-Agent": "taxi-assets", **headers},
            timeout=(patience.connect, patience.read),
            stream=True,
            allow_redirects=True,
        )
    except (requests.ConnectionError, requests.Timeout) as error:
        raise PassingError(f"{url} cannot be reached: {error}.") from error
    except requests.RequestException as error:
        raise TaxiError(f"{url} cannot be fetched: {error}.", "Check TAXI_PUBLISHER.") from error
    status = response.status_code
    if response.ok:
        return response
    response.close()
    if status in _ABSENT:
        raise AbsentError(url, status)
    if status in _PASSING:
        raise PassingError(f"{url} answered {status}.", _retry_after(response))
    raise TaxiError(f"{url} answered {status} {response.reason}.", "Check TAXI_PUBLISHER.")


def _body(response: requests.Response, url: str, deadline: float) -> Iterator[bytes]:
    """The body as sent, not unpacked; a file named .gz stays one whatever Content-Encoding says."""
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            if time.monotonic() > deadline:
                raise PassingError(f"{url} is too slow: time is up.")
            yield chunk
    except (HTTPError, OSError) as error:
        raise PassingError(f"{url} stopped sending: {error}.") from error


def _save(chunks: Iterator[bytes], path: Path) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    with path.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            size += file.write(chunk)
    return digest.hexdigest(), size


def _conditions(known: Validators | None) -> dict[str, str]:
    if known is None:
        return {}
    pairs = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in pairs.items() if value}


def _retry_after(response: requests.Response) -> float:
    """Seconds the server asks us to wait, given as seconds or as a date."""
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _local(url: str) -> Path:
    return Path(url2pathname(urlsplit(url).path))
