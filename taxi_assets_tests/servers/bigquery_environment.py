"""The Python environment that local-bigquery runs in: its own, because its dependencies are not ours."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from filelock import FileLock

from taxi_assets_tests.servers.process import tail

LOCK = Path(__file__).with_name("bigquery.lock")
FOLDER = Path(__file__).parents[2] / ".venv-bigquery"
HOME = FOLDER / "home"
PYTHON = FOLDER / "env" / "bin" / "python"
# Fails for another version, for a free-threaded one (its wheels differ), and where venv would fail.
PROBE = (
    "import ensurepip, sys, sysconfig;"
    "sys.exit(sys.version_info[:2] != (3, 13) or bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"
)
EXTENSIONS = (
    "import duckdb_extensions;[duckdb_extensions.import_extension(name) for name in ('ducklake', 'httpfs', 'spatial')]"
)
INSTALL_SECONDS = 900


class NoPython313Error(RuntimeError):
    """There is no Python 3.13 on this machine that runs."""

    def __init__(self) -> None:
        super().__init__("local-bigquery needs Python 3.13; there is none on PATH as python3.13, and none of pyenv's")


class InstallFailedError(RuntimeError):
    """The environment could not be made; the message holds the end of the installer's log."""

    def __init__(self, log: Path) -> None:
        super().__init__(f"installing {LOCK.name} failed; the end of {log}:\n{tail(log)}")


def find_python313() -> Path | None:
    """A Python 3.13 that runs: this one, one on PATH, or the newest of pyenv's; None if there is none."""
    return next((python for python in _candidates() if _is_python313(python)), None)


def _candidates() -> Iterator[Path]:
    yield Path(sys.executable)
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        yield Path(folder) / "python3.13"
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    try:
        installed = list(versions.glob("3.13*/bin/python3.13"))
    except PermissionError:  # another user's pyenv
        return
    yield from sorted(installed, key=lambda python: _numbers(python.parts[-3]), reverse=True)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _is_python313(python: Path) -> bool:
    try:
        probe = subprocess.run([python, "-c", PROBE], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0


def install() -> Path:
    """The environment's interpreter; makes the environment if it is not there or its lock file changed.

    Raises NoPython313Error or InstallFailedError.
    """
    FOLDER.mkdir(exist_ok=True)
    complete = FOLDER / "complete"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    with FileLock(FOLDER / "lock"):
        if PYTHON.exists() and complete.exists() and complete.read_text() == wanted:
            return PYTHON
        complete.unlink(missing_ok=True)
        _build()
        complete.write_text(wanted)
    return PYTHON


def _build() -> None:
    base = find_python313()
    if base is None:
        raise NoPython313Error
    environment = PYTHON.parents[1]
    for folder in (environment, HOME):
        shutil.rmtree(folder, ignore_errors=True)
    HOME.mkdir()
    log = FOLDER / "install.log"
    log.unlink(missing_ok=True)
    _run([base, "-m", "venv", environment], log)
    locked = ("--no-compile", "--no-deps", "--require-hashes", "-r", LOCK)
    _run([PYTHON, "-m", "pip", "install", "--no-input", *locked], log)
    # Out of their wheels to where DuckDB looks for them, which is under the home directory.
    _run([PYTHON, "-c", EXTENSIONS], log, os.environ | {"HOME": str(HOME)})


def _run(command: list[str | Path], log: Path, variables: Mapping[str, str] | None = None) -> None:
    with log.open("ab") as output:
        try:
            subprocess.run(
                command,
                env=variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=INSTALL_SECONDS,
                check=True,
            )
        except subprocess.SubprocessError as error:
            raise InstallFailedError(log) from error
