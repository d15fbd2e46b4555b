"""What our in-process HTTP servers are built on: loopback only, a thread a connection, quick to stop."""

import contextlib
import socket
import socketserver
import sys
import threading
from collections.abc import Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Headers = Iterable[tuple[str, str]]


class LoopbackHandler(BaseHTTPRequestHandler):
    """One connection's requests, whatever their method; subclasses answer them."""

    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; with Nagle's algorithm the second waits 40 ms for the client's ACK.
    disable_nagle_algorithm = True

    def answer(self) -> None:
        """Responds to the request that `command`, `path` and `headers` tell of."""
        raise NotImplementedError

    # The names that the base class looks for.
    do_DELETE = do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = lambda self: self.answer()  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's signature)
        """Prints nothing: servers keep lists of their requests."""

    def read_body(self) -> bytes:
        """The request's whole body, chunked or not; raises ConnectionError if it breaks off."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self._read(int(self.headers.get("Content-Length", 0)))
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0] or b"-1", 16):
            body += self._read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(body)

    def _read(self, size: int) -> bytes:
        content = self.rfile.read(size) if size > 0 else b""
        if len(content) != size:
            # A client that was killed in the middle; what it sent is no upload.
            raise ConnectionAbortedError(f"{len(content)} of {size} bytes came")
        return content

    def reply(self, status: int, body: bytes = b"", headers: Headers = ()) -> None:
        """A whole response; Content-Length is added unless `headers` has it or the status forbids it."""
        self.send_response(status)
        names = set()
        for name, value in headers:
            self.send_header(name, value)
            names.add(name.lower())
        if "content-length" not in names and status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def drop(self) -> None:
        """Ends the connection at once, in the middle of whatever is being sent."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class LoopbackServer(ThreadingHTTPServer):
    """Listens on a free loopback port from construction on; answers between start() and stop()."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: type[LoopbackHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def server_bind(self) -> None:
        """Bind, without the base class's look-up of this machine's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()

    def start(self) -> Self:
        """Begins to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stops listening and cuts every open connection, answered or not."""
        self.stopping.set()
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accepts a connection, and remembers it for stop()."""
        connection, address = super().get_request()
        with self._lock:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Closes a connection whose handler is done."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Prints a handler's failure, except that a client went away: tests do that on purpose."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
