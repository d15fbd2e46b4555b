"""The building blocks of sample trips: chunks of a file, columns of whole numbers, and dice.

Everything is drawn and computed with integers and lookup tables, so that every machine makes the same trips.
"""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from taxi_assets.model.zone_ids import UNKNOWN_ZONE, ZONE_IDS
from taxi_assets.publishers.sample import distributions as shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taxi_assets.model.datasets import Dataset, FileFormat
    from taxi_assets.model.months import Month
    from taxi_assets.publishers.sample.distributions import Eras, Quantiles

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Bytes = NDArray[np.bytes_]
Trips = dict[str, NDArray[Any]]
"""Values by canonical column name: times as seconds since 1970 without a zone, amounts in cents, distances in
hundredths of a mile (`trip_miles` in thousandths), degrees in millionths, codes as they are, text as bytes. `NULL` or
empty text is a missing value."""

NULL: Final = int(np.iinfo(np.int64).min)
HOUR: Final = 3_600
DAY: Final = 86_400
CITY_ZONES: Final = range(ZONE_IDS[0], UNKNOWN_ZONE)
"""The taxi zones without those that mean unknown and outside the city."""
LONGEST: Final = 5 * HOUR


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a file: trips `first` to `first + rows` of its `of` metered, or dispatched, trips.

    `file_rows` are the rows of the whole file.
    """

    dataset: str
    month: Month
    dispatched: bool
    first: int
    rows: int
    of: int
    file_rows: int

    @property
    def file_first(self) -> int:
        """Where the chunk begins in the file, whose last trips are the dispatched ones."""
        return self.first + (self.file_rows - self.of if self.dispatched else 0)

    def dice(self, *purpose: str, rows: int | None = None) -> Dice:
        """Dice for all rows of the chunk, or for `rows` of them; each purpose has its own."""
        seed = (self.dataset, self.month, self.dispatched, self.first, self.file_rows)
        return Dice(self.rows if rows is None else rows, *seed, *purpose)

    def all(self, value: int) -> Ints:
        return np.full(self.rows, value, dtype=np.int64)


def as_made(chunk: Chunk, trips: Trips, file_format: FileFormat) -> None:
    """Publishes trips as they were made."""


@dataclass(frozen=True)
class TripMaker:
    """How the sample trips of a dataset are made.

    `make` gives the trips of a chunk, each plausible, with every field that the dataset has had in any era. `publish`
    changes them in place to what the files of one format show of them, after the faults have been added. `dispatched`
    is how many per mille of a file's trips are in the block at its end whose driver-entered fields are missing, by
    month; there is no such block without it.
    """

    make: Callable[[Chunk], Trips]
    publish: Callable[[Chunk, Trips, FileFormat], None] = as_made
    dispatched: Eras[int] = ()


def maker_of(dataset: Dataset) -> TripMaker:
    """The TripMaker that `dataset.sample` names; raises ValueError when nothing has that name,
    TypeError when it is something else."""
    where = f"Dataset {dataset.name}: sample is {dataset.sample!r}"
    try:
        maker = resolve_name(dataset.sample)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"{where}, which is not there: {error}") from error
    if not isinstance(maker, TripMaker):
        raise TypeError(f"{where}, which is no TripMaker.")
    return maker


class Dice:
    """Random draws for `rows` rows, the same for the same seed on every machine."""

    def __init__(self, rows: int, *seed: object) -> None:
        digest = hashlib.sha256("/".join(map(str, seed)).encode()).digest()
        self._generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
        self.rows = rows

    def below(self, bound: int) -> Ints:
        """Whole numbers from 0 to `bound - 1`, all equally likely."""
        return self._generator.integers(0, bound, self.rows, dtype=np.int64)

    def chance(self, per_mille: int) -> Mask:
        return self.below(1000) < per_mille

    def pick(self, weights: Mapping[int, int]) -> Ints:
        ends = np.cumsum(np.array(list(weights.values()), dtype=np.int64))
        values = np.array(list(weights), dtype=np.int64)
        return values[np.searchsorted(ends, self.below(int(ends[-1])), side="right")]

    def quantile(self, points: Quantiles) -> Ints:
        """Values distributed by `points`, evenly between two of them."""
        table = [
            low + (high - low) * (share - left) // (right - left)
            for (left, low), (right, high) in pairwise(points)
            for share in range(left, right)
        ]
        steps = np.array([*table, points[-1][1]], dtype=np.int64)
        place = self.below(len(table))
        return steps[place] + (steps[place + 1] - steps[place]) * self.below(1024) // 1024

    def order(self, count: int) -> Ints:
        """The numbers below `count` in random order."""
        return np.argsort(self._generator.integers(0, 1 << 62, count, dtype=np.int64), kind="stable")


def seconds(month: Month) -> int:
    """The beginning of a month in seconds since 1970, without zone."""
    return calendar.timegm(month.first_day.timetuple())


def pickups(chunk: Chunk, dice: Dice) -> Ints:
    """Pickups in the chunk's slice of the month, when as many trips have begun as come before the chunk.

    They come in the order of TLC's files: by hour, unsorted within it.
    """
    days = calendar.monthrange(chunk.month.year, chunk.month.month)[1]
    weekday = chunk.month.first_day.weekday()
    hours = shapes.DISPATCHED_HOURS if chunk.dispatched else shapes.METERED_HOURS
    weights = [shapes.WEEKDAYS[(weekday + day) % 7] * hour for day in range(days) for hour in hours.values()]
    ends = np.cumsum(np.array(weights, dtype=np.int64))
    begin, end = (int(ends[-1]) * row // chunk.of for row in (chunk.first, chunk.first + chunk.rows))
    hour = np.sort(np.searchsorted(ends, begin + dice.below(max(1, end - begin)), side="right"))
    return seconds(chunk.month) + hour * HOUR + dice.below(HOUR)


def durations(distance: Ints, dice: Dice) -> Ints:
    """How many seconds trips take, by their distances in hundredths of a mile."""
    pace = dice.quantile(shapes.PACE)
    # Beyond 3 miles trips go by faster roads.
    near, far = np.minimum(distance, 300), np.maximum(distance - 300, 0)
    duration: Ints = np.minimum(30 + (near * pace + far * (60 + pace // 4)) // 100, LONGEST)
    return duration


def zones(busiest: Mapping[int, int], others: int, dice: Dice) -> Ints:
    """Zones of the city: the busiest by their weights, while the others share the weight `others`."""
    # A thousand times each weight, so that the rest divides among the other zones.
    weights = {zone: busiest.get(zone, 0) * 1000 or others * 1000 // len(CITY_ZONES) for zone in CITY_ZONES}
    return dice.pick(weights)
