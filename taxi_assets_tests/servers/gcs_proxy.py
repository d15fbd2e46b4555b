"""The proxy in front of fake-gcs-server: adds what only the real service does, and faults on command."""

import http.client
import json
import threading
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import cast
from urllib.parse import quote, unquote

from taxi_assets_tests.servers.faults import Faults
from taxi_assets_tests.servers.gcs_rules import Metadata, Request, Response, refusal
from taxi_assets_tests.servers.gcs_sessions import Sessions
from taxi_assets_tests.servers.loopback import LoopbackHandler, LoopbackServer

HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
REASONS = {403: "forbidden", 404: "notFound", 429: "rateLimitExceeded"}


@dataclass(frozen=True)
class Refuse:
    """Answers with a status, or, where there is none, closes the connection; `acted`: after doing as asked."""

    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    acted: bool = False


@dataclass(frozen=True)
class Truncate:
    """Sends only so many bytes of the body; `keep_length`: while announcing all of them."""

    after: int
    keep_length: bool


@dataclass(frozen=True)
class Corrupt:
    """Changes one byte of the body."""


Action = Refuse | Truncate | Corrupt


class GcsProxy(LoopbackServer):
    """Forwards to loopback port `upstream`, one request at a time: a check and its act are one step."""

    def __init__(self, upstream: int) -> None:
        super().__init__(_Handler)
        self.faults: Faults[Action] = Faults()
        self.seen: list[tuple[str, str]] = []
        self._upstream = upstream
        self._turn = threading.Lock()
        self._sessions = Sessions(self.url, self._checked)

    def respond(self, request: Request) -> Response:
        """What Google Cloud Storage would answer."""
        with self._turn:
            return self._sessions_after_check(request) or self._checked(request)

    def _sessions_after_check(self, request: Request) -> Response | None:
        starts = request.method == "POST" and request.query.get("uploadType") == "resumable"
        return (refusal(request, self._look_up) if starts else None) or self._sessions.handle(request)

    def _checked(self, request: Request) -> Response:
        return refusal(request, self._look_up) or self._forward(request)

    def _look_up(self, bucket: str, name: str) -> Metadata | None:
        target = f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"
        found = self._forward(Request("GET", target, {}))
        return cast("Metadata", json.loads(found.body)) if found.status == HTTPStatus.OK else None

    def _forward(self, request: Request) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self._upstream, timeout=60)
        skipped = HOP_BY_HOP | {"content-length"}
        headers = {name: value for name, value in request.headers.items() if name not in skipped}
        # The fake tells its APIs apart by the host that clients know, which is the proxy's.
        headers["host"] = f"127.0.0.1:{self.server_port}"
        try:
            connection.request(request.method, request.target, request.body, headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        # The length of what a HEAD did not bring is only known from the header.
        skipped = HOP_BY_HOP | {"date", "server"} | (set() if request.method == "HEAD" else {"content-length"})
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in skipped]
        return Response(response.status, body, kept)


class _Handler(LoopbackHandler):
    server: GcsProxy

    def answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.read_body())
        path = unquote(self.path)
        self.server.seen.append((self.command, path))
        fault = self.server.faults.take(self.command, path)
        if isinstance(fault, Refuse):
            if fault.acted:
                self.server.respond(request)
            self._refuse(fault)
            return
        response = self.server.respond(request)
        if isinstance(fault, Corrupt) and response.body:
            response = replace(response, body=bytes([response.body[0] ^ 0xFF]) + response.body[1:])
        if isinstance(fault, Truncate):
            self._truncate(fault, response)
            return
        self.reply(response.status, response.body, response.headers)

    def _refuse(self, fault: Refuse) -> None:
        if fault.status is None:
            self.drop()
            return
        reason = REASONS.get(fault.status, "backendError")
        error = Response.error(fault.status, reason, "Injected by the test.")
        self.reply(error.status, error.body, [*error.headers, *fault.headers])

    def _truncate(self, fault: Truncate, response: Response) -> None:
        body = response.body[: fault.after]
        announced = len(response.body) if fault.keep_length else len(body)
        self.reply(response.status, body, [*response.headers, ("Content-Length", str(announced))])
        self.close_connection = True
