"""The format of DuckDB's files: which one we write, and what to do with a file in a newer one.

A release reads every format up to its own and none after; most tools contain an older release than Python has.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

import duckdb

from taxi_assets.errors import TaxiError

FORMAT: Final = "v1.0.0"
"""DuckDB names a format after the first release that reads it. This one holds all that we store, at the same size."""
_NEWER = "newer version of DuckDB"
"""Part of every release's message about a file in a format that it cannot read."""


def is_newer(error: duckdb.Error) -> bool:
    """Whether DuckDB refused a file because a later release wrote it."""
    return _NEWER in str(error)


def newer_file(path: Path) -> TaxiError:
    """The error for a file of a newer format, with the commands that convert it."""
    return TaxiError(
        f"{path} was written by a newer DuckDB than the {duckdb.__version__} installed here, which cannot read it.",
        "\n".join(
            [
                "Nothing was changed. To keep all that is in it, convert it while nothing else has it open:",
                *_conversion(path),
                f"Or move {path} away and materialize its months again: the files they are made from are in the lake.",
            ]
        ),
    )


def _conversion(path: Path) -> list[str]:
    """The shell commands that copy the database into a file of the older format, and put that in its place.

    They install a newer DuckDB of their own, and keep the newer file beside the older one. It is opened for writing, so
    that it takes in what a killed writer left in its log.
    """
    tools, older, newer = (
        path.with_name(f"{path.stem}-{name}") for name in ("converter", "older.duckdb", "newer.duckdb")
    )
    copy = (
        f"ATTACH $${path}$$ AS newer; ATTACH $${older}$$ AS older (STORAGE_VERSION $${FORMAT}$$); "
        "COPY FROM DATABASE newer TO older; DETACH newer; DETACH older"
    )
    commands = [
        ["python3", "-m", "venv", tools],
        [tools / "bin/python", "-m", "pip", "install", "duckdb>=2,<3"],
        [tools / "bin/python", "-c", f'import duckdb; duckdb.execute("{copy}")'],
        ["mv", path, newer],
        ["mv", older, path],
    ]
    return [f"  {shlex.join(map(str, command))}" for command in commands]
