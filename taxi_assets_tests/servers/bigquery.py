"""BigQuery on loopback: local-bigquery, started through bigquery_launch.py in an environment of its own.

`python -m taxi_assets_tests.servers.bigquery install` makes that environment ahead of the tests.
"""

import contextlib
import os
import sys
from pathlib import Path
from typing import Self

from taxi_assets_tests.servers import bigquery_environment
from taxi_assets_tests.servers.bigquery_environment import find_python313
from taxi_assets_tests.servers.google_login import PROJECT
from taxi_assets_tests.servers.process import answers, free_port, running

PROGRAM = f"{__package__}.bigquery_launch"
ROOT = Path(__file__).parents[2]

__all__ = ["BigQueryServer", "find_python313"]


class BigQueryServer:
    """A BigQuery server that keeps its tables under `folder` and loads gs:// objects from `gcs_url`.

    `url` is what BIGQUERY_EMULATOR_HOST must be; at `grpc_address`, a host:port, are the Storage APIs.
    """

    def __init__(self, folder: Path, gcs_url: str | None) -> None:
        self._folder = folder
        self._gcs_url = gcs_url
        self._stack = contextlib.ExitStack()
        self._port, self._grpc_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.grpc_address = f"127.0.0.1:{self._grpc_port}"

    def __enter__(self) -> Self:
        """Starts the server; the first time, this makes its environment.

        Raises NoPython313Error, InstallFailedError or ServerDidNotStartError.
        """
        python = bigquery_environment.install()
        command: list[str | Path] = [python, "-P", "-m", PROGRAM, "--host", "127.0.0.1"]
        command += ["--port", str(self._port), "--grpc-port", str(self._grpc_port)]
        command += ["--project", PROJECT, "--data-dir", self._folder / "data"]
        self._stack.enter_context(
            running(
                command,
                log=self._folder / "local-bigquery.log",
                environment=self._environment(),
                # Asks for data, so that DuckDB and its extensions are loaded before the first test.
                ready=lambda: answers(self._port, f"/bigquery/v2/projects/{PROJECT}/datasets"),
                deadline=60,
            )
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _environment(self) -> dict[str, str]:
        # Not ours: local-bigquery takes its settings from variables with names as common as GROUPS.
        home = str(bigquery_environment.HOME)
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "PYTHONPATH": str(ROOT)}
        if self._gcs_url:
            environment["STORAGE_EMULATOR_HOST"] = self._gcs_url
        return environment


def main(arguments: list[str]) -> int:
    """The command line; returns the exit status."""
    if arguments != ["install"]:
        sys.stderr.write(f"usage: python -m {__spec__.name if __spec__ else __name__} install\n")
        return 2
    try:
        python = bigquery_environment.install()
    except (bigquery_environment.NoPython313Error, bigquery_environment.InstallFailedError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"local-bigquery is installed for {python}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
