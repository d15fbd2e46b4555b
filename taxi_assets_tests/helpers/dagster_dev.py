"""`dagster dev` as a user starts it, in a folder of its own, with a publisher on loopback to load months from.

Tests speak to it by GraphQL, as its UI does. Backfills, the browser and Dagster as in production have modules of their
own: backfills, browser, deployment.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.settings import POSTGRES_URL, Settings
from taxi_assets_tests.helpers.daemon import SLOW_MACHINE
from taxi_assets_tests.servers.process import free_port, tail
from taxi_assets_tests.servers.publisher import PublisherServer

ROOT = Path(__file__).parents[2]
# The machine may have other things to do.
PATIENCE_SECONDS = 600.0
STOP_SECONDS = 20.0
# As the Makefile has it: of `dagster dev` Dagster says at every start that there is a newer command.
SUPERSEDED = "ignore:Function `dev_command` is superseded"
# The daemon looks for backfills every 30 seconds, and no setting changes that: half of the tests' time, else.
IMPATIENT_DAEMON = """import sys

if "dagster._daemon" in sys.orig_argv:
    from dagster._daemon import controller

    controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 3
"""
LOADED = """{ workspaceOrError { __typename ... on Workspace { locationEntries {
    locationOrLoadError { __typename ... on PythonError { message } } } } } }"""

_T = TypeVar("_T")


@dataclass(frozen=True)
class DagsterDev:
    """A running Dagster: its address, the settings it was given, and the publisher it asks for months."""

    url: str
    settings: Settings
    publisher: PublisherServer
    mirror: Path
    log: Path

    def publish(self, dataset: str, month: str, rows: int = 2_000) -> Path:
        """Puts a month of made-up trips where the publisher serves it from."""
        found, parsed = DATASETS[dataset], Month.parse(month)
        path = self.mirror / "trip-data" / f"{found.month_name(parsed)}.parquet"
        path.parent.mkdir(exist_ok=True)
        write_sample(found, parsed, path, rows=rows, file_format="parquet")
        return path

    def graphql(self, query: str, **variables: object) -> dict[str, Any]:
        """The data of the answer to a query; fails when the answer holds errors."""
        asked = {"query": query, "variables": variables}
        answer = requests.post(f"{self.url}/graphql", json=asked, timeout=60).json()
        assert not answer.get("errors"), answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def until(self, what: str, found: Callable[[], _T | None], seconds: float = PATIENCE_SECONDS) -> _T:
        """Calls `found` until it returns neither None nor False, and returns that; fails after so many seconds."""
        deadline = time.monotonic() + seconds
        while not (result := found()):
            assert time.monotonic() < deadline, (
                f"waited {seconds:g} s for {what}; the end of {self.log}:\n{tail(self.log)}"
            )
            time.sleep(0.5)
        return result

    def warnings(self) -> list[str]:
        """Python's warnings in what has been printed so far, each once."""
        return sorted(set(re.findall(r"\b\w*Warning: .*", self.log.read_text())))


@contextlib.contextmanager
def start_dagster_dev(folder: Path, postgres_url: str, postgres_schema: str) -> Iterator[DagsterDev]:
    """`dagster dev` in a folder with the project's dagster.yaml and workspace.yaml, until the `with` block ends."""
    with dev_site(folder, postgres_schema, "dagster_dev.log") as dev:
        shutil.copy(ROOT / "dagster.yaml", folder)
        command: list[str | Path] = [program("dagster"), "dev", *address(dev)]
        with running(command, folder, dev.log, environment_of(folder, dev.settings, postgres_url)) as process:
            dev.until("dagster dev to load the assets", lambda: loaded(dev, process))
            yield dev


def program(name: str) -> Path:
    """A command of this Python's environment."""
    return Path(sys.executable).with_name(name)


def address(dev: DagsterDev) -> list[str]:
    """The options that say where the webserver listens."""
    return ["-h", "127.0.0.1", "-p", dev.url.rpartition(":")[2]]


@contextlib.contextmanager
def dev_site(folder: Path, postgres_schema: str, log: str) -> Iterator[DagsterDev]:
    """A folder to start Dagster in, and a publisher with the zones and no month yet; Dagster itself is not started."""
    mirror = folder / "mirror"
    (mirror / "misc").mkdir(parents=True)
    (mirror / "misc" / "taxi_zone_lookup.csv").write_bytes(zone_lookup())
    shutil.copy(ROOT / "workspace.yaml", folder)
    with PublisherServer(mirror, missing_status=404) as publisher:
        settings = Settings(
            home=folder / "taxi", publisher=publisher.url, external_postgres=True, postgres_schema=postgres_schema
        )
        yield DagsterDev(f"http://127.0.0.1:{free_port()}", settings, publisher, mirror, folder / log)


def environment_of(folder: Path, settings: Settings, postgres_url: str) -> dict[str, str]:
    """This process's environment, with these settings in place of the user's."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("TAXI_", "GCP_", "DAGSTER_"))}
    return {
        **mine,
        **SLOW_MACHINE,
        "TAXI_HOME": str(settings.home),
        "TAXI_PUBLISHER": settings.publisher,
        POSTGRES_URL: postgres_url,
        "TAXI_POSTGRES_SCHEMA": settings.postgres_schema,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(_startup_folder(folder)), os.environ.get("PYTHONPATH")])),
        "PYTHONWARNINGS": SUPERSEDED,
    }


def _startup_folder(folder: Path) -> Path:
    """A folder whose sitecustomize.py every Python process of `dagster dev` runs when it starts."""
    startup = folder / "startup"
    startup.mkdir()
    (startup / "sitecustomize.py").write_text(IMPATIENT_DAEMON)
    return startup


def loaded(dev: DagsterDev, process: subprocess.Popen[bytes]) -> bool:
    """Whether the webserver, which is `process` or its child, has all code locations; fails when one is broken."""
    assert process.poll() is None, (
        f"{process.args!r} ended with {process.returncode}; the end of {dev.log}:\n{tail(dev.log)}"
    )
    try:
        workspace = dev.graphql(LOADED)["workspaceOrError"]
    except requests.ConnectionError:
        return False
    loaded = [entry["locationOrLoadError"] for entry in workspace["locationEntries"]]
    assert all(found is None or found["__typename"] == "RepositoryLocation" for found in loaded), loaded
    return bool(loaded) and None not in loaded


@contextlib.contextmanager
def running(
    command: Sequence[str | Path], folder: Path, log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, ended with all that it started."""
    with log.open("wb") as output, _interrupts():
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def _interrupts() -> Iterator[None]:
    """Lets processes that start in the block be interrupted, even where this one is in a shell's background and is not.

    Dagster ends runs by interrupting them.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
