"""The elements of a chart as SVG text; they know nothing of trips.

The UI shows the chart on a white or a black background, and does not tell it which. So the page is transparent, colors
have the same contrast on both, and scales run from transparent to full color.
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
"""The classes: h heading, m centered, e right-aligned, g grid, a and b bars, c cells."""
LEVELS = 12
"""The number of shades of a scale."""
_FAINTEST = 0.16


@dataclass(frozen=True)
class Box:
    """A rectangle of the page, in pixels from its top left corner."""

    x: float
    y: float
    width: float
    height: float


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """Words at a point; `kind` are classes of STYLE."""
    mark = f' class="{kind}"' if kind else ""
    return f'<text{mark} x="{x:g}" y="{y:g}">{escape(words)}</text>'


def path(kind: str, data: str) -> str:
    """A path of class `kind`."""
    return f'<path class="{kind}" d="{data}"/>'


def bars(kind: str, places: list[tuple[float, float, float]], width: float, foot: float) -> str:
    """Bars standing at height `foot`, given as (left, top, value); bars with the value 0 are left out."""
    return path(kind, "".join(f"M{x:g} {foot:g}h{width:g}V{top:.1f}h-{width:g}z" for x, top, value in places if value))


def cells(box: Box, shades: NDArray[np.int64]) -> str:
    """A grid of cells, the first row on top; `shades` run from 0, which is not drawn, to LEVELS.

    Neighboring cells of one shade in a row are drawn as one stroke as thick as the row, which keeps the text small.
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
    """The opacity of a shade from 1 to LEVELS."""
    return _FAINTEST + (1 - _FAINTEST) * (shade - 1) / (LEVELS - 1)


def scale(x: float, y: float, low: str, high: str) -> list[str]:
    """A legend of the shades from `low` to `high`, right-aligned at x."""
    width = 5 * LEVELS
    left = x - 6 * len(high) - 4 - width
    shades = np.arange(1, LEVELS + 1).reshape(1, -1)
    return [
        text(left - 4, y, low, "e"),
        cells(Box(left, y - 9, width, 10), shades),
        text(x, y, high, "e"),
    ]


def ticks(highest: float) -> list[int]:
    """Round whole numbers from 0 to at most `highest`, at most six of them."""
    step = next(
        step for power in range(12) for step in (10**power, 2 * 10**power, 5 * 10**power) if highest / step <= 5
    )
    return list(range(0, int(highest) + 1, step))
