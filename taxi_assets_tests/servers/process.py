"""Processes that stand in for outside services: start, wait until they answer, stop; free ports."""

import contextlib
import http.client
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

POLL_SECONDS = 0.02
STOP_SECONDS = 5.0
TAIL_BYTES = 4000


class ServerDidNotStartError(RuntimeError):
    """A server's process ended, or did not answer in time; the message holds the end of its log."""

    def __init__(self, command: object, what: str, log: Path) -> None:
        super().__init__(f"{command} {what}; the end of {log}:\n{tail(log)}")


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listened on a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def answers(port: int, path: str, timeout: float = 30.0) -> bool:
    """Whether a loopback port serves a path over HTTP, with status 200, within `timeout` seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return response.status == HTTPStatus.OK


def tail(log: Path) -> str:
    """The last lines of a log file."""
    return log.read_bytes()[-TAIL_BYTES:].decode(errors="replace")


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    *,
    log: Path,
    ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
    deadline: float = 30.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives as long as the `with` block; all that it prints is appended to `log`.

    Raises ServerDidNotStartError if the process ends, or `ready` stays false for `deadline` seconds.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    # A file, not a pipe: a pipe that nobody reads fills up, and the server hangs in the middle of a test.
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
    try:
        _wait(process, ready, log, deadline)
        yield process
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, deadline: float) -> None:
    end = time.monotonic() + deadline
    while True:
        if (code := process.poll()) is not None:
            raise ServerDidNotStartError(process.args, f"ended with {code}", log)
        if ready():
            return
        if time.monotonic() > end:
            raise ServerDidNotStartError(process.args, f"did not answer in {deadline:g} s", log)
        time.sleep(POLL_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
