"""Where the contestants work: a temporary folder with the server, the lake and all that is made on the way."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.server import Server

PROJECT = Path(__file__).resolve().parents[1]
TOOLS = PROJECT / ".venv-benchmarks" / "bin"
"""Other loaders, in an environment of their own so that ours stays as locked: see `make bench-tools`."""
_NOT_OURS = ("TAXI_", "GCP_", "GOOGLE_", "DAGSTER_", "PG", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class Workbench:
    """A folder, `root`, that holds everything and is removed with the block that made it."""

    root: Path
    server: Server

    @property
    def home(self) -> Path:
        """The folder that TAXI_HOME names for the contestants."""
        return self.root / "home"

    def env(self, **more: str) -> Mapping[str, str]:
        """The caller's environment without the settings that lead to their own data, and with `more`."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
        return {**kept, "TAXI_HOME": str(self.home), "PYTHONWARNINGS": "ignore", **more}

    def folder(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def forget_months(self) -> None:
        """Removes what a run left outside Postgres, so that the next one fetches and writes everything again."""
        for name in ("lake", "bucket"):
            shutil.rmtree(self.home / name, ignore_errors=True)
        for path in self.home.glob("warehouse.duckdb*"):
            path.unlink()


@contextmanager
def workbench(parent: Path | None = None) -> Iterator[Workbench]:
    """A workbench below `parent` (the system's temporary folder unless given); its server runs while the block does."""
    with TemporaryDirectory(prefix="taxi-bench-", dir=parent) as folder:
        root = Path(folder).resolve()
        (root / "home").mkdir()
        # Absolute, since a daemon and those who look at its history need not stand in the same folder.
        instance = (PROJECT / "dagster.yaml").read_text().replace("base_dir: .dagster", f"base_dir: {root}/.dagster")
        (root / "dagster.yaml").write_text(instance)
        server = Server.start(root / "home" / "postgres")
        try:
            yield Workbench(root, server)
        finally:
            server.stop()


def script(name: str) -> str:
    """A program of the project's environment."""
    return str(Path(sys.executable).with_name(name))


def tool(name: str) -> str | None:
    """Another loader's program, from `.venv-benchmarks` or else from PATH; None when it is not installed."""
    return shutil.which(name, path=TOOLS) or shutil.which(name)
