"""Requests for files over HTTP or in a folder, with retries and with errors that say what an answer means.

Knows nothing about TLC: `sites.py` says which file to ask for, `web.py` what it means that a file is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
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
from taxi_assets.publishers.redirects import MOST_REDIRECTS, Redirects

_T = TypeVar("_T")
_CHECK_SETTING = "Check the URL in the setting TAXI_PUBLISHER."
_MISSING = {403, 404, 410}
_REDIRECTED = {301, 302, 303, 307, 308}
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class RetryPolicy:
    """Timeouts and retries of one request; all times in seconds.

    `connect` and `read` are the timeouts of an attempt. `total` bounds all attempts together, the waits between them
    and a slow body included. The wait before the first retry is `first_wait`; it doubles up to `longest_wait`.
    """

    connect: float = 10.0
    read: float = 30.0
    total: float = 1800.0
    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0


QUICK = RetryPolicy(connect=2.0, read=3.0, total=4.0, attempts=2, first_wait=0.2, longest_wait=0.5)
"""For sensors, schedules and checks, which will ask again and must not hold up others: at most 9 s a request."""


@dataclass(frozen=True)
class Validators:
    """What a server sent with a file to tell its versions apart; a later request can be made conditional on them."""

    etag: str | None = None
    last_modified: str | None = None


class NotFoundError(TaxiError):
    """The server answered 403, 404 or 410 (`status`): it does not have the file at `url`, or refuses to send it."""

    def __init__(self, url: str, status: int) -> None:
        super().__init__(f"{url} answered {status}.")
        self.url = url
        self.status = status


class TransientError(TaxiError):
    """A failure that may go away on a retry; `wait` is the seconds that the server asked us to wait, else 0."""

    def __init__(self, cause: str, wait: float = 0.0) -> None:
        super().__init__(cause, "Try again later.", retry=True)
        self.wait = wait


def with_retries(retry_policy: RetryPolicy, attempt: Callable[[float, RetryPolicy], _T]) -> _T:
    """Calls `attempt` until it does not raise TransientError, and returns what it returns.

    `attempt` is given the deadline, by the clock of time.monotonic(), and the policy. Waits back off exponentially, and
    are at least as long as the server asked for. Raises the last TransientError when the policy is exhausted.
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


class _Session(requests.Session):
    """A session that leaves redirects alone: requests would read the whole body of one before it follows it, or not."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None

    def may_take_credentials(self, url: str, target: str) -> bool:
        """Whether a redirect from `url` to `target` stays with the server that the credentials of `url` are for."""
        return not self.should_strip_auth(url, target)  # type: ignore[no-untyped-call]


def get(
    url: str, known: Validators | None, retry_policy: RetryPolicy, redirects: Redirects | None = None
) -> requests.Response:
    """Sends one GET and returns the response, its body unread: 2xx, or 304 if the file has not changed since `known`.

    GET and not HEAD, which some servers do not answer. Raises NotFoundError, TransientError, or another TaxiError, also
    for a redirect that `redirects` does not allow.
    """
    conditions = _conditions(known)
    shown = without_credentials(url)
    try:
        response = _followed(url, conditions, retry_policy, redirects or Redirects())
    except (requests.ConnectionError, requests.Timeout) as error:
        raise TransientError(f"{shown} cannot be reached: {_told(error, url)}.") from error
    except (requests.RequestException, UnicodeError) as error:
        raise TaxiError(f"{shown} cannot be fetched: {_told(error, url)}.", _CHECK_SETTING) from error
    status = response.status_code
    if response.ok and (status != 304 or conditions):
        return response
    response.close()
    if status in _MISSING:
        raise NotFoundError(shown, status)
    if status in _TRANSIENT:
        raise TransientError(f"{shown} answered {status}.", _retry_after(response))
    if status == 304:
        raise TaxiError(
            f"{shown} answered 304 to an unconditional request.",
            "Open the URL in a browser: the server, or a proxy in between, answers wrongly.",
        )
    raise TaxiError(f"{shown} answered {status} {response.reason}.", _CHECK_SETTING)


def _followed(
    url: str, conditions: Mapping[str, str], retry_policy: RetryPolicy, redirects: Redirects
) -> requests.Response:
    """The answer at the end of the redirects. Credentials go to the host that they were given for, and to no other."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "taxi-assets", **conditions}
    limits = (retry_policy.connect, retry_policy.read)
    with _Session() as session:
        at = url
        for _ in range(MOST_REDIRECTS + 1):
            response = session.get(at, headers=headers, timeout=limits, stream=True)
            location = response.headers.get("Location")
            if response.status_code not in _REDIRECTED or not location:
                return response
            response.close()
            target = redirects.target(at, location)
            at = _with_credentials(target, url) if session.may_take_credentials(url, target) else target
    raise TaxiError(f"{without_credentials(url)} answers with more than {MOST_REDIRECTS} redirects.", _CHECK_SETTING)


def _with_credentials(target: str, url: str) -> str:
    """The URL `target` with the user and password of `url`, if it has them."""
    user, at, _ = urlsplit(url).netloc.rpartition("@")
    parts = urlsplit(target)
    return parts._replace(netloc=f"{user}{at}{parts.netloc}").geturl()


def _told(error: BaseException, url: str) -> str:
    """The text of an error, without the credentials of the URL that it may quote."""
    credentials = url.removesuffix(without_credentials(url).partition("://")[2]).partition("://")[2]
    return message_of(error).replace(credentials, "") if credentials else message_of(error)


def without_credentials(url: str) -> str:
    """The URL as it may be shown and recorded: without the user and password that it may hold."""
    scheme, separator, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{separator}{place.rpartition('@')[2]}{slash}{path}"


def is_local(url: str) -> bool:
    """Whether it is a file:// URL."""
    return urlsplit(url).scheme == "file"


def local_file(url: str) -> tuple[Path, Validators]:
    """The path of a file:// URL, and the validators of the file there. Raises NotFoundError if there is none."""
    path = Path(url2pathname(urlsplit(url).path))
    if not path.exists():
        raise NotFoundError(url, 404)
    facts = path.stat()
    return path, Validators(etag=f"{facts.st_mtime_ns}-{facts.st_size}")


def _conditions(known: Validators | None) -> dict[str, str]:
    """The headers that make a request conditional."""
    if known is None:
        return {}
    pairs = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in pairs.items() if value}


def _retry_after(response: requests.Response) -> float:
    """The seconds of the Retry-After header, which holds seconds or a date; 0.0 without one."""
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0
