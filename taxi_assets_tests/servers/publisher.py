"""The publisher of trip files on loopback: answers like TLC's CDN or a mirror, and misbehaves on command."""

from pathlib import Path
from typing import Self

from taxi_assets_tests.servers.publisher_site import (
    Action,
    Drip,
    Redirect,
    Refuse,
    Replace,
    Request,
    Site,
    Stall,
    Truncate,
)


class PublisherServer:
    """Serves the files under `folder` at `url`, with ETag, Last-Modified, ranges and conditional requests.

    A missing file is answered with `missing_status`: 403 as by TLC's CDN, or 404 as by GitHub. A fault applies to
    the next `times` requests in whose unquoted path and query the regular expression `path` is found; faults of the
    body leave HEAD alone. Without `etags` it tells versions apart by Last-Modified alone.
    """

    def __init__(self, folder: Path, missing_status: int = 403, etags: bool = True) -> None:
        self._site = Site(folder, missing_status, etags)
        self.url = self._site.url

    def __enter__(self) -> Self:
        self._site.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._site.stop()

    def requests(self) -> list[Request]:
        """What was asked and with which status answered, since the start or the last clear()."""
        return list(self._site.seen)

    def clear(self) -> None:
        """Forgets the requests so far, the faults not yet used up, and a block."""
        self._site.seen.clear()
        self._site.faults.clear()
        self.unblock()

    def block(self, status: int = 403) -> None:
        """Refuses every request until unblock(), as a CDN does to a client that asks too often."""
        self._site.blocked = status

    def unblock(self) -> None:
        """Answers again."""
        self._site.blocked = None

    def fail(self, path: str, status: int, times: int = 1, headers: dict[str, str] | None = None) -> None:
        """Answers with an error, and with headers such as Retry-After."""
        self._add(Refuse(status, tuple((headers or {}).items())), path, times)

    def redirect(self, path: str, to: str, times: int = 1) -> None:
        """Answers 302 to an address; if it ends with a slash, to the same path under it."""
        self._add(Redirect(to), path, times)

    def replace_body(self, path: str, body: bytes, content_type: str = "text/html", times: int = 1) -> None:
        """Answers 200 with something else than the file."""
        self._add(Replace(body, content_type), path, times)

    def stall(self, path: str, seconds: float, after: int = 0, times: int = 1) -> None:
        """Sends so many bytes of the body, nothing for so many seconds, and then the rest."""
        self._add(Stall(seconds, after), path, times, "GET")

    def drip(self, path: str, bytes_per_second: int, times: int = 1) -> None:
        """Sends the body slowly."""
        self._add(Drip(bytes_per_second), path, times, "GET")

    def truncate(self, path: str, after: int, keep_length: bool = True, times: int = 1) -> None:
        """Closes the connection after so many bytes; without `keep_length` no length was announced either."""
        self._add(Truncate(after, keep_length), path, times, "GET")

    def _add(self, action: Action, path: str, times: int, method: str | None = None) -> None:
        self._site.faults.add(action, path=path, method=method, times=times)
