"""The edits that a page of docs/how-to shows, applied to a copy of the package, and Python that runs on the copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.how_to import FOLDER, blocks

ROOT = FOLDER.parents[1]


def edited_package(page: str, folder: Path, *, leaving_out: str = "") -> Path:
    """Copies the package and its tests into `folder`, and applies the page's diffs, except those of `leaving_out`."""
    for name in ("taxi_assets", "taxi_assets_tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    diffs = [block.text for block in blocks(page) if block.language == "diff"]
    assert diffs, f"docs/how-to/{page}.md shows no edit"
    for diff in diffs:
        if not leaving_out or leaving_out not in diff:
            _apply(diff, folder)
    return folder


def run_python(folder: Path, arguments: list[str], settings: Settings) -> subprocess.CompletedProcess[str]:
    """Python in a folder whose modules come first, on made-up months of 2,000 rows and the places of the settings."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{folder}:{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TAXI_HOME": str(settings.home),
        "TAXI_PUBLISHER": "sample",
        "TAXI_SAMPLE_ROWS": "2000",
        "TAXI_SAMPLE_ANYWHERE": "true",
        "TAXI_POSTGRES_SCHEMA": settings.postgres_schema,
    }
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )


def _apply(diff: str, folder: Path) -> None:
    # Without a ceiling, git would take a repository above the folder for the one to change.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    applied = subprocess.run(
        ["git", "apply", "-"],
        input=diff,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert applied.returncode == 0, f"an edit that a page shows does not fit the code:\n{applied.stderr}\n{diff}"
