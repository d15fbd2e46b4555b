"""The pages of docs/how-to as what their tests run: each fenced block of code with the file that it belongs in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "how-to"
_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that its title names (empty where it has none), and its text."""

    language: str
    file: str
    text: str


def blocks(page: str) -> list[Block]:
    """The blocks of `docs/how-to/{page}.md` in their order; raises LookupError for a page without one."""
    found = [
        Block(*match.groups(default=""))
        for match in _BLOCK.finditer((FOLDER / f"{page}.md").read_text(encoding="utf-8"))
    ]
    if not found:
        raise LookupError(f"docs/how-to/{page}.md has no block of code")
    return found


def write_files(page: str, folder: Path) -> list[Path]:
    """Writes the blocks that belong in a file into `folder`, those of the same file one after the other."""
    paths = []
    for block in blocks(page):
        if block.file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(block.text)
            paths.append(path)
    return list(dict.fromkeys(paths))
