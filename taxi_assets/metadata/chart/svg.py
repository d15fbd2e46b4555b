"""The pieces a picture is made of, as SVG text; nothing of trips is said here.

The UI shows the picture on white and on black, and does not tell it which. So the page stays transparent, colours have
the same contrast on both, and a scale runs from transparent to full colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLUE, ORANGE = "#3b82f6", "#d97706"
STYLE = (
    "text{font:11px sans-serif;fill:#74767f}.h{font-weight:600;font-size:12px}.m{text-anchor:middle}"
    f".e{{text-anchor:end}}.g{{stroke:#74767f;stroke-opacity:.3;fill:none}}.a{{fill:{BLUE}}}.b{{fill:{ORANGE}}}"
    f".c{{stroke:{BLUE};shape-rendering:crispEdges}}"
)
"""Classes: heading, middle, end, grid, two kinds of bar, cells."""
LEVELS = 12
"""Shades of a scale."""
_FAINTEST = 0.16


@dataclass(frozen=True)
class Box:
    """A rectangle of the page, in pixels."""

    x: float
    y: float
    width: float
    height: float


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """`kind`: the classes of STYLE."""
    mark = f' class="{kind}"' if kind else ""
    return f'<text{mark} x="{x:g}" y="{y:g}">{escape(words)}</text>'


def path(kind: str, data: str) -> str:
    return f'<path class="{kind}" d="{data}"/>'


def bars(kind: str, places: list[tuple[float, float, float]], width: float, foot: float) -> str:
    """Bars that stand on `foot`: (left, top, value); those of no height are left out."""
    return path(kind, "".join(f"M{x:g} {foot:g}h{width:g}V{top:.1f}h-{width:g}z" for x, top, value in places if value))


def cells(box: Box, shades: NDArray[np.int64]) -> str:
    """A grid of cells, the first row on top; `shades` are 0 (nothing there) to LEVELS.

    Neighbours of one shade in a row are one stroke as thick as the row.
    """
    rows, columns = shades.shape
    strokes: dict[int, list[str]] = {}
    for y, row in enumerate(shades.tolist()):
        x = 0
        for shade, run in groupby(row):
            length = len(list(run))
            strokes.setdefault(shade, []).append(f"M{x} {y}h{length}")
            x += length
    paths = [
        f'<path stroke-opacity="{opacity(shade):.2g}" d="{"".join(strokes[shade])}"/>'
        for shade in sorted(strokes)
        if shade
    ]
    across, down = box.width / columns, box.height / rows
    place = f"translate({box.x:g} {box.y + down / 2:g})scale({across:g} {down:g})"
    return f'<g class="c" transform="{place}">{"".join(paths)}</g>'


def opacity(shade: int) -> float:
    return _FAINTEST + (1 - _FAINTEST) * (shade - 1) / (LEVELS - 1)


def scale(x: float, y: float, low: str, high: str) -> list[str]:
    """A legend of the shades, ending at x."""
    width = 5 * LEVELS
    left = x - 6 * len(high) - 4 - width
    shades = np.arange(1, LEVELS + 1).reshape(1, -1)
    return [
        text(left - 4, y, low, "e"),
        cells(Box(left, y - 9, width, 10), shades),
        text(x, y, high, "e"),
    ]


def ticks(highest: float) -> list[int]:
    """Three to six round whole numbers from 0, the last not above `highest`."""
    step = next(
        step for power in range(12) for step in (10**power, 2 * 10**power, 5 * 10**power) if highest / step <= 5
    )
    return list(range(0, int(highest) + 1, step))
