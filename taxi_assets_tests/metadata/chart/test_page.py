"""The chart as a document: whole, small, labelled, and readable on white and on black."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pytest

from taxi_assets.metadata.chart.counts import TripCounts
from taxi_assets.metadata.chart.page import caption, logarithmic, picture
from taxi_assets.metadata.chart.svg import BLUE, LEVELS, ORANGE, STYLE, ticks
from taxi_assets.model.datasets import DATASETS, FOR_HIRE, YELLOW_TAXI, Dataset
from taxi_assets.model.months import Month

MONTH = Month(2021, 1)
SVG = "{http://www.w3.org/2000/svg}"
BACKGROUNDS = ("#ffffff", "#020314")
"""The UI's, light and dark."""


def _noise(dataset: Dataset) -> TripCounts:
    """Counts that compress as badly as counts can: no cell is like its neighbour."""
    random = np.random.default_rng(20210101)
    counts = TripCounts(dataset, MONTH)
    counts.hours += random.integers(1, 10_000, len(counts.hours))
    counts.plane.cells[:] = (10 ** random.uniform(0, 3, counts.plane.cells.shape)).astype(np.int64)
    return counts


def _drawn(counts: TripCounts, title: str = "Title") -> Element:
    return fromstring(picture(counts, title))  # noqa: S314 our own


def _texts(document: Element) -> list[str]:
    return [element.text or "" for element in document.iter(f"{SVG}text")]


def _luminance(colour: str) -> float:
    values = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values)
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_a_picture_is_small_whatever_the_month(dataset: Dataset) -> None:
    assert len(picture(_noise(dataset), "Title")) < 22_000


def test_it_says_what_it_shows_with_units() -> None:
    texts = _texts(_drawn(_noise(YELLOW_TAXI), "Yellow <taxi> & co., 2021-01"))
    assert texts[0].startswith("Yellow <taxi> & co., 2021-01: ")
    for words in ("Trips by day", "Mon to Fri", "Sat, Sun", "hour of the pickup", "fare in US dollars"):
        assert words in texts
    assert any(text.startswith("miles; ") and "% of trips lie outside" in text for text in texts)
    assert [text for text in texts if text in {"Mon", "Wed", "Sun"}] == ["Mon", "Wed", "Sun"]
    assert {str(day) for day in range(1, 32)} <= set(texts)


def test_it_needs_nothing_from_elsewhere_and_paints_no_background() -> None:
    document = _drawn(_noise(YELLOW_TAXI))
    assert {element.tag.removeprefix(SVG) for element in document.iter()} == {"svg", "style", "text", "g", "path"}
    assert "url(" not in STYLE


def test_a_bar_for_each_day_with_weekends_apart() -> None:
    """January 2021 begins on a Friday and has ten weekend days; the legend has a bar of either kind."""
    document = _drawn(_noise(YELLOW_TAXI))
    bars = {
        kind: "".join(path.get("d", "") for path in document.findall(f"{SVG}path[@class='{kind}']")) for kind in "ab"
    }
    assert (bars["a"].count("M"), bars["b"].count("M")) == (21 + 1, 10 + 1)


def test_the_cells_of_a_grid_cover_it_once() -> None:
    counts = _noise(FOR_HIRE)
    counts.hours[:] = 5
    grids = _drawn(counts).findall(f"{SVG}g[@class='c']")
    paths = [path.get("d", "") for grid in grids for path in grid]
    strokes = [tuple(map(int, found)) for data in paths for found in re.findall(r"M(\d+) (\d+)h(\d+)", data)]
    covered = sum(length for _, _, length in strokes)
    assert covered == 2 * LEVELS + 7 * 24 + counts.plane.cells.size


@pytest.mark.parametrize("dataset", [FOR_HIRE, YELLOW_TAXI])
def test_a_month_without_trips_or_values_can_be_drawn(dataset: Dataset) -> None:
    counts = TripCounts(dataset, MONTH)
    assert "Not published for this month." in _texts(_drawn(counts))
    assert caption(counts) == "No clean trips."
    counts.hours[24 * 3 + 17] = 2
    _drawn(counts)
    words = "Most trips on Monday 4 (2), fewest on Friday 1 (0); the busiest hour begins at 17:00."
    assert caption(counts) == words


def test_shades_are_logarithmic_none_is_0_and_the_most_is_the_last() -> None:
    assert logarithmic(np.array([[0, 1, 10, 100, 10**11]])).tolist() == [[0, 1, 2, 3, LEVELS]]
    assert logarithmic(np.array([[0, 1]])).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("highest", "expected"),
    [(1, [0, 1]), (7, [0, 2, 4, 6]), (48_288, [0, 10_000, 20_000, 30_000, 40_000]), (99, [0, 20, 40, 60, 80])],
)
def test_ticks_are_round_numbers(highest: float, expected: list[int]) -> None:
    assert ticks(highest) == expected


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_words_and_bars_stand_out_on_both_backgrounds(background: str) -> None:
    """As WCAG asks: 4.5 for words, 3 for graphics."""
    [words] = re.findall(r"fill:(#[0-9a-f]{6})", STYLE.partition("}")[0])
    assert _contrast(words, background) >= 4.5
    assert min(_contrast(colour, background) for colour in (BLUE, ORANGE)) >= 3
