"""The pages for readers of the code: every file that they name exists, and the table of the layers is complete."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "taxi_assets"
HOW_TO = ROOT / "docs/how-to"
ARCHITECTURE = ROOT / "docs/architecture.md"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    ARCHITECTURE,
    ROOT / "docs/guarantees.md",
    *HOW_TO.glob("*.md"),
]
BASES = (ROOT, PACKAGE, ROOT / "locks")
"""Where a path on a page may start."""
NOT_OURS = (".venv", ".taxi", ".dagster", ".env", "my_project", "misc")
"""How paths begin that are not in the repository: on the reader's machine, or on a publisher's site."""
_PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:\.(?:py|md|toml|yaml|yml|lock|csv|svg|png|in)|/))`")
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def layers() -> list[set[str]]:
    """The layers that import-linter holds, from the top."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [found] = [each for each in settings["tool"]["importlinter"]["contracts"] if each["type"] == "layers"]
    return [{name.strip(" ()") for name in re.split(r"[|:]", layer)} for layer in found["layers"]]


def table_of_layers() -> list[str]:
    """The names in the first column of the table, in its order."""
    section = ARCHITECTURE.read_text(encoding="utf-8").partition("## Layers")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([\w./]+)` \|", section, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = [path for path in _PATH.findall(prose(page)) if not path.startswith(NOT_OURS)]
    assert [path for path in named if not any((base / path).exists() for base in BASES)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    assert [link for link in _LINK.findall(prose(page)) if not (page.parent / link).exists()] == []


def test_the_architecture_names_enough_files_that_the_test_above_would_notice() -> None:
    assert len(set(_PATH.findall(prose(ARCHITECTURE)))) > 50


def test_the_table_of_the_layers_has_every_name_at_the_top_of_the_package_and_no_other() -> None:
    top = {f"{path.name}/" if path.is_dir() else path.name for path in PACKAGE.iterdir()}
    assert set(table_of_layers()) == top - {"__init__.py", "__pycache__/", "py.typed"}


def test_the_table_of_the_layers_is_in_the_order_that_import_linter_holds() -> None:
    names = [name.removesuffix(".py").removesuffix("/") for name in table_of_layers()]
    depths = [depth for name in names for depth, layer in enumerate(layers()) if name in layer]
    assert len(depths) == len(names)
    assert depths == sorted(depths)


def test_every_how_to_stands_in_its_index_and_the_index_has_no_other() -> None:
    listed = [link for link in _LINK.findall((HOW_TO / "README.md").read_text(encoding="utf-8")) if "/" not in link]
    assert sorted(listed) == sorted(page.name for page in HOW_TO.glob("*.md") if page.name != "README.md")


def test_every_module_that_a_docstring_or_comment_names_exists() -> None:
    folders = ("taxi_assets", "taxi_assets_tests", "benchmarks")
    modules = [path.relative_to(ROOT).as_posix() for folder in folders for path in (ROOT / folder).rglob("*.py")]
    named = {
        (module, name)
        for module in modules
        for name in re.findall(r"`([\w/]+\.py)`", (ROOT / module).read_text("utf-8"))
    }
    assert len(named) > 20
    assert [found for found in sorted(named) if not any(f"/{path}".endswith(f"/{found[1]}") for path in modules)] == []
