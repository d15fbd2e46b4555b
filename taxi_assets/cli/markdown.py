"""Pieces of pages in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with one line for each row."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    """A text as a table's cell: on one line, and with its vertical bars escaped."""
    return " ".join(text.split()).replace("|", r"\|")


def code(text: str) -> str:
    """A text as code."""
    return f"`{text}`"


def anchor(title: str) -> str:
    """GitHub's anchor of a heading."""
    return title.lower().replace(" ", "-")
