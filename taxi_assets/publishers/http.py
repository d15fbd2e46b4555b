"""Asking a web server, or a folder, for a file: patiently, and with errors that say what an answer means.

Knows nothing of TLC: which file to ask for and what its absence means is said in `publishers/`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
import tenacity

from taxi_assets.errors import TaxiError, message_of

_T = TypeVar("_T")
_ABSENT = {403, 404, 410}
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait for a publisher, in seconds. `total` bounds everything, retries and slow drips included."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 1800.0
    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0


QUICK = RetryPolicy(connect=2.0, read=3.0, total=4.0, attempts=2, first_wait=0.2, longest_wait=0.5)
"""For those who ask again in an hour and may not keep others waiting: 9 s a question at most."""


@dataclass(frozen=True)
class Validators:
    """What a server said of a file, to ask later whether it has changed."""

    etag: str | None = None
    last_modified: str | None = None


class NotFoundError(TaxiError):
    """The server answered 403, 404 or 410 (in `status`): it has no such file, or does not want to give it."""

    def __init__(self, url: str, status: int) -> None:
        super().__init__(f"{url} answered {status}.")
        self.url = url
        self.status = status


class TransientError(TaxiError):
    """A failure that another try may mend; `wait` is what the server asked for, in seconds."""

    def __init__(self, cause: str, wait: float = 0.0) -> None:
        super().__init__(cause, "Try again later.", retry=True)
        self.wait = wait


def with_retries(retry_policy: RetryPolicy, attempt: Callable[[float, RetryPolicy], _T]) -> _T:
    """What `attempt` returns, tried again while it raises TransientError; it is given the deadline and the limits.

    Waits between tries grow, and are as long as the server asks for.
    """
    deadline = time.monotonic() + retry_policy.total
    jitter = tenacity.wait_random(0, retry_policy.first_wait)
    growing = tenacity.wait_exponential(retry_policy.first_wait, retry_policy.longest_wait) + jitter

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, TransientError) else 0.0
        return max(asked, growing(state))

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientError),
        stop=tenacity.stop_after_attempt(retry_policy.attempts) | tenacity.stop_before_delay(retry_policy.total),
        wait=wait,
        reraise=True,
    )
    return retrying(attempt, deadline, retry_policy)


def get(url: str, known: Validators | None, retry_policy: RetryPolicy) -> requests.Response:
    """The answer to a request, its body unread; 2xx, or 304 when the file is as in `known`.

    Not by HEAD: some servers do not answer it. Raises NotFoundError, TransientError, or another TaxiError.
    """
    conditions = _conditions(known)
    try:
        response = requests.request(
            "GET",
            url,
            headers={"Accept-Encoding": "identity", "User-Agent": "taxi-assets", **conditions},
            timeout=(retry_policy.connect, retry_policy.read),
            stream=True,
            allow_redirects=True,
        )
    except (requests.ConnectionError, requests.Timeout) as error:
        raise TransientError(f"{url} cannot be reached: {message_of(error)}.") from error
    except requests.RequestException as error:
        raise TaxiError(f"{url} cannot be fetched: {message_of(error)}.", "Check TAXI_PUBLISHER.") from error
    status = response.status_code
    if response.ok and (status != 304 or conditions):
        return response
    response.close()
    if status in _ABSENT:
        raise NotFoundError(url, status)
    if status in _TRANSIENT:
        raise TransientError(f"{url} answered {status}.", _retry_after(response))
    if status == 304:
        raise TaxiError(f"{url} answered 304 to an unconditional request.", "The server is broken.")
    raise TaxiError(f"{url} answered {status} {response.reason}.", "Check TAXI_PUBLISHER.")


def is_local(url: str) -> bool:
    return urlsplit(url).scheme == "file"


def local_file(url: str) -> tuple[Path, Validators]:
    """The file behind a file:// URL, with what tells its versions apart. Raises NotFoundError."""
    path = Path(url2pathname(urlsplit(url).path))
    if not path.exists():
        raise NotFoundError(url, 404)
    facts = path.stat()
    return path, Validators(etag=f"{facts.st_mtime_ns}-{facts.st_size}")


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
