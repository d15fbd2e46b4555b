"""The HTTP server behind publisher.py: serves a folder's files, and misbehaves as its list of faults says."""

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from taxi_assets_tests.servers.faults import Faults
from taxi_assets_tests.servers.loopback import LoopbackHandler, LoopbackServer
from taxi_assets_tests.servers.publisher_files import Folder, Published

PIECE = 64 * 1024
DRIPS_PER_SECOND = 10
# What S3 behind a CDN says of a file that is not there to those who may not list the bucket.
DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)


@dataclass(frozen=True)
class Refuse:
    """Answers with an error."""

    status: int
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Redirect:
    """Sends the client to an address; if it ends with a slash, to the same path under it."""

    to: str


@dataclass(frozen=True)
class Replace:
    """Answers with this instead of the file."""

    body: bytes
    content_type: str


@dataclass(frozen=True)
class Stall:
    """Sends nothing for so many seconds, after so many bytes of the body."""

    seconds: float
    after: int


@dataclass(frozen=True)
class Drip:
    """Sends the body slowly."""

    bytes_per_second: int


@dataclass(frozen=True)
class Truncate:
    """Closes the connection after so many bytes of the body; `keep_length`: having announced all of them."""

    after: int
    keep_length: bool


OfBody = Stall | Drip | Truncate
Action = Refuse | Redirect | Replace | OfBody


@dataclass(frozen=True)
class Request:
    """A request that was answered: unquoted path with query, headers by their names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    status: int


class Site(LoopbackServer):
    """Serves a folder, with ETags or without; `blocked` is the status that refuses everything."""

    def __init__(self, folder: Path, missing_status: int, etags: bool) -> None:
        super().__init__(_Handler)
        self.folder = Folder(folder)
        self.missing_status = missing_status
        self.etags = etags
        self.blocked: int | None = None
        self.faults: Faults[Action] = Faults()
        self.seen: list[Request] = []


class _Handler(LoopbackHandler):
    server: Site

    def answer(self) -> None:
        self.asked = {name.lower(): value for name, value in self.headers.items()}
        if self.command not in {"GET", "HEAD"}:
            self.read_body()
            self.reply(HTTPStatus.METHOD_NOT_ALLOWED)
        elif self.server.blocked is not None:
            self._refuse(self.server.blocked)
        else:
            self._answer_or_misbehave()

    def send_response(self, code: int, message: str | None = None) -> None:
        self.server.seen.append(Request(self.command, unquote(self.path), self.asked, code))
        super().send_response(code, message)

    def _answer_or_misbehave(self) -> None:
        path = unquote(urlsplit(self.path).path)
        match self.server.faults.take(self.command, unquote(self.path)):
            case Refuse(status, headers):
                self._refuse(status, headers)
            case Redirect(to):
                place = to + path.lstrip("/") if to.endswith("/") else to
                self.reply(HTTPStatus.FOUND, headers=[("Location", place)])
            case Replace(body, content_type):
                self.reply(HTTPStatus.OK, body, [("Content-Type", content_type)])
            case fault:
                published = self.server.folder.find(path)
                if published is None:
                    self._refuse(self.server.missing_status)
                else:
                    self._serve(published, fault)

    def _refuse(self, status: int, headers: tuple[tuple[str, str], ...] = ()) -> None:
        body, kind = (DENIED, "application/xml") if status == HTTPStatus.FORBIDDEN else (b"Not Found", "text/plain")
        self.reply(status, body, [("Content-Type", kind), *headers])

    def _serve(self, published: Published, fault: OfBody | None) -> None:
        validators = [
            (name, value) for name, value in published.validators.items() if name != "ETag" or self.server.etags
        ]
        headers = [*validators, ("Accept-Ranges", "bytes")]
        if published.known(self.asked):
            self.reply(HTTPStatus.NOT_MODIFIED, headers=headers)
            return
        part = published.part(self.asked)
        if part is None:
            self._send(HTTPStatus.OK, headers, published.file, range(published.size), fault)
        elif part:
            headers.append(("Content-Range", f"bytes {part.start}-{part.stop - 1}/{published.size}"))
            self._send(HTTPStatus.PARTIAL_CONTENT, headers, published.file, part, fault)
        else:
            nothing = [("Content-Range", f"bytes */{published.size}")]
            self.reply(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=nothing)

    def _send(self, status: int, headers: list[tuple[str, str]], file: Path, part: range, fault: OfBody | None) -> None:
        self.send_response(status)
        ends_with_connection = isinstance(fault, Truncate) and not fault.keep_length
        length = ("Connection", "close") if ends_with_connection else ("Content-Length", str(len(part)))
        for name, value in (*headers, ("Content-Type", "binary/octet-stream"), length):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        with file.open("rb") as content:
            content.seek(part.start)
            self._send_body(content, len(part), fault)

    def _send_body(self, content: BinaryIO, count: int, fault: OfBody | None) -> None:
        stopping = self.server.stopping
        match fault:
            case Stall(seconds, after):
                self._copy(content, min(after, count))
                if stopping.wait(seconds):
                    self.drop()
                else:
                    self._copy(content, max(0, count - after))
            case Drip(rate):
                drop = max(1, rate // DRIPS_PER_SECOND)
                while count > 0 and not stopping.wait(drop / rate):
                    self._copy(content, min(drop, count))
                    count -= drop
            case Truncate(after):
                self._copy(content, min(after, count))
                self.close_connection = True
            case None:
                self._copy(content, count)

    def _copy(self, content: BinaryIO, count: int) -> None:
        while count > 0 and (piece := content.read(min(PIECE, count))):
            self.wfile.write(piece)
            count -= len(piece)
