"""Seeing which file a publisher has, without fetching it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from taxi_assets.errors import TaxiError
from taxi_assets.publishers.http import AbsentError, Patience, Validators, answer, is_local, local_file, patiently


@dataclass(frozen=True)
class Sighting:
    """A file as a publisher has it: where, and an `identity` that another file in its place would not have."""

    url: str
    identity: str

    @classmethod
    def of(cls, url: str, validators: Validators, size: int | str | None) -> Sighting:
        """By its ETag where the server gives one, else by Last-Modified and length."""
        length = f"{size} bytes" if size is not None else None
        described = ", ".join(part for part in (validators.last_modified, length) if part)
        return cls(url, validators.etag or described)

    @property
    def validators(self) -> Validators:
        """What a server can be asked with whether the file has changed: the identity, if it is an ETag."""
        return Validators(etag=self.identity if re.match(r'(W/)?"', self.identity) else None)


def sight(url: str, known: Sighting | None = None, patience: Patience | None = None) -> Sighting:
    """The file at `url` (http, https or file) as it is now; `known` itself when it has not changed.

    No byte of the file is read. Raises AbsentError, PassingError when it cannot be asked, or another TaxiError.
    """
    if is_local(url):
        path, validators = local_file(url)
        return Sighting.of(url, validators, path.stat().st_size)
    condition = known.validators if known and known.url == url else None

    def ask(_deadline: float, limits: Patience) -> Sighting:
        with answer(url, condition, limits) as response:
            if response.status_code == 304 and known:
                return known
            headers = response.headers
            if headers.get("Content-Type", "").startswith("text/html"):
                raise TaxiError(f"{url} answered with a web page.", "A proxy or a login page may be in between.")
            validators = Validators(headers.get("ETag"), headers.get("Last-Modified"))
            return Sighting.of(url, validators, headers.get("Content-Length"))

    return patiently(patience or Patience(), ask)


def exists(url: str, patience: Patience | None = None) -> bool:
    """Whether the server has the file; raises PassingError when it cannot be asked."""
    try:
        sight(url, patience=patience)
    except AbsentError:
        return False
    return True
