"""The chart of a month: trips by day, by weekday and hour, and by two of their measures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from taxi_assets.metadata.chart.counts import Axis, TripCounts
from taxi_assets.metadata.chart.svg import LEVELS, STYLE, Box, bars, cells, path, scale, text, ticks

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT = 780, 480
_DAYS = Box(50, 58, 720, 120)
_WEEK = Box(50, 242, 288, 196)
_PLANE = Box(420, 242, 350, 200)
_SATURDAY = 5
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""The names in `calendar` depend on the locale of the process; these do not."""


def picture(counts: TripCounts, title: str) -> str:
    """The chart as an SVG document with a transparent background."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
        f"<style>{STYLE}</style>",
        text(0, 14, f"{title}: {counts.trips:,} clean trips", "h"),
        *_days(counts),
        *_week(counts),
        *_plane(counts),
        "</svg>",
    ]
    return "".join(parts)


def caption(counts: TripCounts) -> str:
    """What the chart shows, in words."""
    if counts.trips == 0:
        return "No clean trips."
    days, hours = counts.days, counts.week.mean(axis=0)
    busiest, quietest = int(days.argmax()), int(days.argmin())
    return (
        f"Most trips on {_day(counts, busiest)} ({days[busiest]:,}), fewest on {_day(counts, quietest)} "
        f"({days[quietest]:,}); the busiest hour begins at {int(hours.argmax())}:00."
    )


def _day(counts: TripCounts, place: int) -> str:
    return f"{_WEEKDAYS[(counts.month.start.weekday() + place) % 7]} {place + 1}"


def _days(counts: TripCounts) -> list[str]:
    box, days = _DAYS, counts.days
    highest = max(int(days.max()), 1)
    step = box.width / len(days)
    foot = box.y + box.height
    weekend = (np.arange(len(days)) + counts.month.start.weekday()) % 7 >= _SATURDAY
    places = [(box.x + step * day + 2, foot - box.height * trips / highest, trips) for day, trips in enumerate(days)]
    levels = [(tick, foot - box.height * tick / highest) for tick in ticks(highest)]
    return [
        text(0, box.y - 18, "Trips by day", "h"),
        bars("a", [(box.x + 572, box.y - 27, 1)], 9, box.y - 18),
        text(box.x + 585, box.y - 18, "Mon to Fri"),
        bars("b", [(box.x + 652, box.y - 27, 1)], 9, box.y - 18),
        text(box.x + 665, box.y - 18, "Sat, Sun"),
        path("g", "".join(f"M{box.x:g} {y:.1f}h{box.width:g}" for _, y in levels)),
        *(text(box.x - 6, y + 4, f"{tick:,}", "e") for tick, y in levels),
        bars("a", [place for place, is_weekend in zip(places, weekend, strict=True) if not is_weekend], step - 4, foot),
        bars("b", [place for place, is_weekend in zip(places, weekend, strict=True) if is_weekend], step - 4, foot),
        *(text(box.x + step * (day + 0.5), foot + 14, str(day + 1), "m") for day in range(len(days))),
    ]


def _week(counts: TripCounts) -> list[str]:
    box, week = _WEEK, counts.week
    highest = float(week.max())
    shades = np.ceil(week / (highest or 1) * LEVELS).astype(np.int64)
    row, column = box.height / 7, box.width / 24
    foot = box.y + box.height
    return [
        text(0, box.y - 30, "Trips per hour, by weekday and hour (mean)", "h"),
        *scale(box.x + box.width, box.y - 10, "0", _number(highest)),
        cells(box, shades),
        *(text(box.x - 6, box.y + row * (day + 0.5) + 4, _WEEKDAYS[day][:3], "e") for day in range(7)),
        *(text(box.x + column * hour, foot + 14, f"{hour}:00", "m") for hour in range(0, 24, 6)),
        text(box.x + box.width / 2, foot + 32, "hour of the pickup", "m"),
    ]


def _plane(counts: TripCounts) -> list[str]:
    box, plane, trips = _PLANE, counts.plane.plane, counts.plane.cells
    most, inside = int(trips.max()), int(trips.sum())
    foot = box.y + box.height
    heading = [text(box.x - 40, box.y - 30, plane.title, "h")]
    if inside == 0:
        return [*heading, text(box.x - 40, box.y - 10, "Not published for this month.")]
    outside = f"{(counts.trips - inside) / counts.trips:.1%} of trips lie outside, or lack a value"
    return [
        *heading,
        *scale(box.x + box.width, box.y - 10, "1", f"{most:,} trips"),
        cells(box, logarithmic(trips)[::-1]),
        path("g", f"M{box.x:g} {box.y:g}v{box.height:g}h{box.width:g}"),
        *(text(box.x + box.width * at, foot + 14, label, "m") for at, label in _labels(plane.x)),
        *(text(box.x - 6, foot - box.height * at + 4, label, "e") for at, label in _labels(plane.y)),
        text(box.x, foot + 32, f"{plane.x.title}; {outside}"),
        f'<g transform="rotate(-90)">{text(-box.y - box.height / 2, box.x - 32, plane.y.title, "m")}</g>',
    ]


def logarithmic(trips: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shades of counts on a logarithmic scale: 0 for no trips, 1 for one trip, LEVELS for the most trips."""
    factors = math.log(max(int(trips.max()), 2))
    shades = 1 + np.floor(np.log(np.maximum(trips, 1)) / factors * (LEVELS - 1) + 1e-9).astype(np.int64)
    return np.where(trips > 0, shades, 0)


def _labels(axis: Axis) -> list[tuple[float, str]]:
    """The labels of an axis, each with its position from 0 to 1."""
    return [(value / axis.limit, f"{value:g}") for value in np.arange(0, axis.limit + 1, axis.tick).tolist()]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
