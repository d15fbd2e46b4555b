"""The version of a file on a server or in a folder, found out without downloading the file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from taxi_assets.errors import TaxiError
from taxi_assets.publishers.http import (
    NotFoundError,
    RetryPolicy,
    Validators,
    get,
    is_local,
    local_file,
    with_retries,
    without_credentials,
)
from taxi_assets.publishers.redirects import Redirects


@dataclass(frozen=True)
class FileVersion:
    """A version of the file at `url`: `identity` changes whenever the publisher replaces the file.

    `url` holds no credentials.
    """

    url: str
    identity: str

    @classmethod
    def of(cls, url: str, validators: Validators, size: int | str | None) -> FileVersion:
        """The version by its ETag if the server sends one, else by Last-Modified and length (bytes)."""
        length = f"{size} bytes" if size is not None else None
        date_and_length = ", ".join(part for part in (validators.last_modified, length) if part)
        return cls(url, validators.etag or date_and_length)

    @property
    def validators(self) -> Validators:
        """The validators of a conditional request for this version; empty if the identity is not an ETag."""
        return Validators(etag=self.identity if re.match(r'(W/)?"', self.identity) else None)


def probe(
    url: str,
    known: FileVersion | None = None,
    retry_policy: RetryPolicy | None = None,
    redirects: Redirects | None = None,
) -> FileVersion:
    """The current version of the file at `url` (http, https or file); `known` itself if it has not changed.

    The file's content is not read. Raises NotFoundError, TransientError if the server cannot answer, or another
    TaxiError.
    """
    if is_local(url):
        path, validators = local_file(url)
        return FileVersion.of(url, validators, path.stat().st_size)
    shown = without_credentials(url)
    condition = known.validators if known and known.url == shown else None

    def request(_deadline: float, limits: RetryPolicy) -> FileVersion:
        with get(url, condition, limits, redirects) as response:
            if response.status_code == 304 and known:
                return known
            headers = response.headers
            if headers.get("Content-Type", "").startswith("text/html"):
                raise TaxiError(
                    f"{shown} answered with a web page instead of a file.",
                    "Open the URL in a browser on this machine: a proxy or a login page may be in between.",
                )
            validators = Validators(headers.get("ETag"), headers.get("Last-Modified"))
            return FileVersion.of(shown, validators, headers.get("Content-Length"))

    return with_retries(retry_policy or RetryPolicy(), request)


def exists(url: str, retry_policy: RetryPolicy | None = None, redirects: Redirects | None = None) -> bool:
    """Whether the server has the file. Raises TransientError if the server cannot answer, or another TaxiError."""
    try:
        probe(url, retry_policy=retry_policy, redirects=redirects)
    except NotFoundError:
        return False
    return True
