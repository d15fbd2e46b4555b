"""The tests that hold each fault, found by their marker; `python -m taxi_assets_tests.faults.held_by` writes them into
the last column of the table of docs/guarantees.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs/guarantees.md"
_ROW = re.compile(r"^\| (?P<number>\d+) \| (?P<fault>.+) \| (?P<seen>.+) \|(?P<tests>[^|]*)\|$", re.MULTILINE)


def faults() -> dict[int, str]:
    """The faults of the page, by their numbers."""
    return {int(row["number"]): row["fault"] for row in _ROW.finditer(PAGE.read_text(encoding="utf-8"))}


def markers() -> Iterator[tuple[int, Path, str]]:
    """Each number of each marker `fault`, with the module and the name of the test or class that has it."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                for call in node.decorator_list:
                    if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.fault":
                        yield from ((ast.literal_eval(number), path, node.name) for number in call.args)


def page() -> str:
    """The page with the modules that hold each fault now."""
    found: dict[int, set[Path]] = {}
    for number, path, _ in markers():
        found.setdefault(number, set()).add(path)

    def row(match: re.Match[str]) -> str:
        modules = sorted(found.get(int(match["number"]), ()))
        links = ", ".join(f"[{each.stem}](../{each.relative_to(TESTS.parent).as_posix()})" for each in modules)
        return f"| {match['number']} | {match['fault']} | {match['seen']} | {links} |"

    return _ROW.sub(row, PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
