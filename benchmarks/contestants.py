"""Who is measured, as data: a command, what it does, and what is checked when it is done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

from benchmarks.workbench import PROJECT

INTO_POSTGRES = "csv.gz → Postgres"


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A command to measure, run in `folder`.

    `title` is who, `path` from what to what. `targets`: which of p1 to p5 need it. `before` and `after` run outside the
    measurement; `after` gives further facts of the run. `rows`: a query that must give the month's rows afterwards.
    `slow` ones run in fewer rounds. `optional`: a program from elsewhere, left out where it does not run; that
    any other does not run is an error.
    """

    name: str
    title: str
    path: str
    command: Sequence[str]
    targets: frozenset[str]
    env: Mapping[str, str]
    folder: Path = PROJECT
    before: Callable[[], object] = lambda: None
    after: Callable[[], dict[str, Any]] = field(default=dict)
    rows: LiteralString = ""
    slow: bool = False
    optional: bool = False


def file_facts(path: Path) -> dict[str, Any]:
    """Size and identity of a file that a contestant made."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}
