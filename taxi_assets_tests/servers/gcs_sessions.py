"""Resumable uploads as Google Cloud Storage runs them, in memory until the last byte.

With Google a client that missed a response may send a chunk again, and ask a finished session for the object
it made; fake-gcs-server appends the chunk twice, and forgets a session with its last byte.
"""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from taxi_assets_tests.servers.gcs_rules import UPLOAD, Request, Response, uploaded_name

CONTENT_RANGE = re.compile(r"bytes (?:(?P<first>\d+)-\d+|\*)/(?P<total>\d+|\*)")
BOUNDARY = "taxi-assets-tests-part"


@dataclass
class _Session:
    start: Request
    received: bytearray = field(default_factory=bytearray)
    result: Response | None = None


class Sessions:
    """Every upload session since the server started; not for several threads at once.

    `url` is the address that clients know; `store` executes the multipart request that an upload becomes.
    """

    def __init__(self, url: str, store: Callable[[Request], Response]) -> None:
        self._url = url
        self._store = store
        self._sessions: dict[str, _Session] = {}

    def handle(self, request: Request) -> Response | None:
        """The response to a request of the resumable protocol; None for any other request."""
        if not UPLOAD.fullmatch(request.path) or request.query.get("uploadType") != "resumable":
            return None
        upload_id = request.query.get("upload_id")
        if upload_id is None:
            return self._start(request)
        session = self._sessions.get(upload_id)
        if session is None:
            return Response.error(404, "notFound", "No such upload session.")
        if request.method == "DELETE":
            del self._sessions[upload_id]
            return Response(499)
        return session.result or self._receive(session, request)

    def _start(self, request: Request) -> Response:
        upload_id = uuid.uuid4().hex
        self._sessions[upload_id] = _Session(request)
        query = request.query | {"name": uploaded_name(request), "upload_id": upload_id}
        location = f"{self._url}{request.path}?{urlencode(query)}"
        return Response(200, headers=[("Location", location), ("X-GUploader-UploadID", upload_id)])

    def _receive(self, session: _Session, request: Request) -> Response:
        received = session.received
        everything = f"bytes 0-0/{len(request.body)}"
        parts = CONTENT_RANGE.fullmatch(request.headers.get("content-range", everything))
        if parts is None:
            return Response.error(400, "badRequest", "Content-Range cannot be read.")
        first = int(parts["first"] or len(received))
        if first > len(received):
            return Response.error(400, "badRequest", f"{len(received)} bytes have arrived, not {first}.")
        received += request.body[len(received) - first :]
        if parts["total"] == str(len(received)):
            session.result = self._finish(session)
            return session.result
        return Response(308, headers=[("Range", f"bytes=0-{len(received) - 1}")] if received else [])

    def _finish(self, session: _Session) -> Response:
        start = session.start
        query = start.query | {"uploadType": "multipart", "name": uploaded_name(start)}
        kind = start.headers.get("x-upload-content-type", "application/octet-stream")
        metadata = {"contentType": kind, **json.loads(start.body or b"{}"), "name": query["name"]}
        head = (
            f"--{BOUNDARY}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(metadata)}\r\n"
            f"--{BOUNDARY}\r\nContent-Type: {kind}\r\n\r\n"
        )
        body = head.encode() + session.received + f"\r\n--{BOUNDARY}--\r\n".encode()
        headers = {"content-type": f"multipart/related; boundary={BOUNDARY}"}
        session.received.clear()
        return self._store(Request("POST", f"{start.path}?{urlencode(query)}", headers, body))
