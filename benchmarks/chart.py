"""A bar chart as SVG, readable in light and dark; written by hand so that nobody needs a plotting library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 860
_LABELS = 300
_BAR = 18
_GAP = 8
_HEAD = 34
_NUMBERS = 90
_STYLE = """
  rect.page { fill: #ffffff } text { fill: #1f2328; font: 13px sans-serif } text.head { font-weight: bold }
  rect.ours { fill: #1f6feb } rect.other { fill: #afb8c1 } line { stroke: #1f6feb; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    rect.page { fill: #0d1117 } text { fill: #e6edf3 } rect.ours { fill: #4493f8 } rect.other { fill: #656c76 }
    line { stroke: #4493f8 }
  }
"""


@dataclass(frozen=True)
class Bar:
    """The bar of one contestant; `ours` are drawn in colour."""

    label: str
    value: float
    ours: bool


@dataclass(frozen=True)
class Panel:
    """Bars on one scale, from 0; `limit` is drawn as a dashed line."""

    title: str
    bars: Sequence[Bar]
    digits: int
    limit: float | None = None

    @property
    def height(self) -> int:
        return _HEAD + len(self.bars) * (_BAR + _GAP) + _GAP

    def svg(self, top: int) -> list[str]:
        room = WIDTH - _LABELS - _NUMBERS
        scale = room / max(*(bar.value for bar in self.bars), self.limit or 0.0, 1e-9)
        parts = [f'<text class="head" x="12" y="{top + 22}">{escape(self.title)}</text>']
        for place, bar in enumerate(self.bars):
            y = top + _HEAD + place * (_BAR + _GAP)
            length = max(1.0, bar.value * scale)
            parts += [
                f'<text x="{_LABELS - 8}" y="{y + 14}" text-anchor="end">{escape(bar.label)}</text>',
                f'<rect class="{"ours" if bar.ours else "other"}" x="{_LABELS}" y="{y}" '
                f'width="{length:.1f}" height="{_BAR}" rx="2"/>',
                f'<text x="{_LABELS + length + 6:.1f}" y="{y + 14}">{bar.value:,.{self.digits}f}</text>',
            ]
        if self.limit is not None:
            x = _LABELS + self.limit * scale
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top + _HEAD - 4}" y2="{top + self.height - _GAP}"/>')
        return parts


def chart(title: str, panels: Sequence[Panel]) -> str:
    """The SVG of the panels, one below the other."""
    parts: list[str] = []
    top = 0
    for panel in panels:
        parts += panel.svg(top)
        top += panel.height
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}">'
    page = f'<title>{escape(title)}</title><style>{_STYLE}</style><rect class="page" width="{WIDTH}" height="{top}"/>'
    return "\n".join([head, page, *parts, "</svg>", ""])
