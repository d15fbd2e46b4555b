"""The locks, and the proof that they install on every platform and Python that the README promises.

`python -m taxi_assets_tests.locks` has uv resolve pyproject.toml anew for each of them, within the locks and with
wheels only. What it finds must be what the locks pin there: then nothing is missing there, and no package needs a
compiler. It needs uv and the package index.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
RUN = ROOT / "locks" / "run.lock"
TEST = ROOT / "locks" / "test.lock"
DEV = ROOT / "locks" / "dev.lock"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@dataclass(frozen=True)
class Platform:
    """A kind of machine: uv's name for it, and what markers of requirements ask of it."""

    name: str
    system: str
    machine: str


PLATFORMS = (
    Platform("x86_64-manylinux_2_28", "linux", "x86_64"),
    Platform("aarch64-manylinux_2_28", "linux", "aarch64"),
    Platform("aarch64-apple-darwin", "darwin", "arm64"),
    Platform("x86_64-apple-darwin", "darwin", "x86_64"),
)
BUILT = {("darwin", "3.14"): ("watchdog",)}
"""Packages without a wheel. On a Mac the compiler that watchdog takes comes with make and git."""


def entries(lock: Path) -> list[Requirement]:
    """The pinned packages of a lock, without their hashes."""
    lines = lock.read_text().replace("\\\n", " ").splitlines()
    return [Requirement(line.split(" --hash=")[0]) for line in lines if line and not line.startswith("#")]


def environment(platform: Platform, python: str) -> dict[str, str]:
    """The values of markers on a platform."""
    darwin = platform.system == "darwin"
    return {
        **{name: str(value) for name, value in default_environment().items()},
        "sys_platform": platform.system,
        "platform_system": "Darwin" if darwin else "Linux",
        "platform_machine": platform.machine,
        "python_version": python,
        "python_full_version": f"{python}.0",
        "extra": "",
    }


def pinned(locks: Iterable[Path], values: dict[str, str]) -> dict[str, str]:
    """The version of each package that the locks install where markers have these values."""
    return {
        canonicalize_name(entry.name): next(iter(entry.specifier)).version
        for lock in locks
        for entry in entries(lock)
        if entry.marker is None or entry.marker.evaluate(values)
    }


def resolved(platform: Platform, python: str) -> dict[str, str]:
    """What uv finds for pyproject.toml within the locks. Raises CalledProcessError with its reasons in `stderr`."""
    built = BUILT.get((platform.system, python), ())
    command = [
        *("uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--python-platform", platform.name),
        *("--python-version", python, "--only-binary", ":all:", *(f"--no-binary={name}" for name in built)),
        *("--constraints", str(RUN), "--constraints", str(TEST), "--extra", "local"),
        *("--group", "build", "--group", "test", "pyproject.toml"),
    ]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = (Requirement(line) for line in found.splitlines())
    return {canonicalize_name(each.name): next(iter(each.specifier)).version for each in names}


def faults(platform: Platform, python: str) -> Iterator[str]:
    """Yields a line for each package that the locks get wrong on a platform."""
    try:
        found = resolved(platform, python)
    except subprocess.CalledProcessError as error:
        yield from error.stderr.strip().splitlines()
        return
    locked = pinned((RUN, TEST), environment(platform, python))
    for name in sorted(found.keys() | locked.keys()):
        if found.get(name) != locked.get(name):
            yield f"{name}: needed {found.get(name, 'not')}, locked {locked.get(name, 'not')}"


def main() -> int:
    """Prints a line for each platform and Python; 1 if the locks fail on any."""
    places = list(product(PLATFORMS, PYTHONS))
    with ThreadPoolExecutor(8) as threads:
        results = threads.map(lambda place: list(faults(*place)), places)
        failed = 0
        for (platform, python), wrong in zip(places, results, strict=True):
            built = ", ".join(BUILT.get((platform.system, python), ()))
            note = f" (built from source: {built})" if built else ""
            print("\n  ".join([f"{platform.name}, Python {python}{note}: {'FAILED' if wrong else 'ok'}", *wrong]))
            failed += bool(wrong)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
