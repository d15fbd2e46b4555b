"""Seeing which file a publisher has, without fetching it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from taxi_assets.errors import TaxiError
from taxi_assets.publishers.http import NotFoundError, RetryPolicy, Validators, get, is_local, local_file, with_retries


@dataclass(frozen=True)
class FileVersion:
    """A file as a publisher has it: where, and an `identity` that another file in its place would not have."""

    url: str
    identity: str

    @classmethod
    def of(cls, url: str, validators: Validators, size: int | str | None) -> FileVersion:
        """By its ETag where the server gives one, else by Last-Modified and length."""
        length = f"{size} bytes" if size is not None else None
        described = ", ".join(part for part in (validators.last_modified, length) if part)
        return cls(url, validators.etag or described)

    @property
    def validators(self) -> Validators:
        """What a server can be asked with whether the file has changed: the identity, if it is an ETag."""
        return Validators(etag=self.identity if re.match(r'(W/)?"', self.identity) else None)


def probe(url: str, known: FileVersion | None = None, retry_policy: RetryPolicy | None = None) -> FileVersion:
    """The file at `url` (http, https or file) as it is now; `known` itself when it has not changed.

    No byte of the file is read. Raises NotFoundError, TransientError when it cannot be asked, or another TaxiError.
    """
    if is_local(url):
        path, validators = local_file(url)
        return FileVersion.of(url, validators, path.stat().st_size)
    condition = known.validators if known and known.url == url else None

    def ask(_deadline: float, limits: RetryPolicy) -> FileVersion:
        with get(url, condition, limits) as response:
            if response.status_code == 304 and known:
                return known
            headers = response.headers
            if headers.get("Content-Type", "").startswith("text/html"):
                raise TaxiError(f"{url} answered with a web page.", "A proxy or a login page may be in between.")
            validators = Validators(headers.get("ETag"), headers.get("Last-Modified"))
            return FileVersion.of(url, validators, headers.get("Content-Length"))

    return with_retries(retry_policy or RetryPolicy(), ask)


def exists(url: str, retry_policy: RetryPolicy | None = None) -> bool:
    """Whether the server has the file; raises TransientError when it cannot be asked."""
    try:
        probe(url, retry_policy=retry_policy)
    except NotFoundError:
        return False
    return True
