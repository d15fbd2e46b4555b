"""The type of a rule, and the quantities that rules compare: how long a trip took, and how far it went.

A rule looks at a record batch in canonical columns and answers with one boolean per row; null counts as no. A rule
applies to the datasets that have the columns it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.model.months import Month
from taxi_assets.transform.arrow import literal

Judge = Callable[[pa.RecordBatch, Month], pa.Array]
"""Takes a batch and the month of its file, and returns a boolean for each row."""
TIMES = ("pickup_datetime", "dropoff_datetime")
DISTANCE = "trip_distance|trip_miles"
"""What rules about distances need: either column."""
REPEATED_HOUR = timedelta(minutes=60)
"""By the clock, a trip in November's repeated hour may end up to this long before it began."""


@dataclass(frozen=True)
class Reason:
    """Why a row is in quarantine, or flagged: `name` is what rows and metadata hold, `doc` is its meaning."""

    name: str
    doc: str


@dataclass(frozen=True)
class Rule(Reason):
    """A reason that a row gives by itself: `judge` tells which rows of a batch have it.

    `columns` are those that the rule needs, where `a|b` means either of two. `more` are those that it looks at as well
    in the datasets that have them.
    """

    columns: tuple[str, ...]
    judge: Judge
    more: tuple[str, ...] = ()

    def applies_to(self, names: Collection[str]) -> bool:
        """Whether rows with columns of these names can be judged by this rule."""
        return all(any(name in names for name in either.split("|")) for either in self.columns)


def scalar_like(value: float, array: pa.Array) -> pa.Scalar:
    """A number in the type of the values that it is compared with."""
    return literal(value, array.type)


def double(value: float) -> pa.Scalar:
    return literal(value, pa.float64())


def span(value: timedelta) -> pa.Scalar:
    return literal(value, pa.duration("us"))


def moment(value: datetime) -> pa.Scalar:
    return literal(value, pa.timestamp("us"))


def duration(batch: pa.RecordBatch) -> pa.Array:
    """How long trips took, in microseconds; negative where they ended before they began."""
    return pc.subtract(batch["dropoff_datetime"], batch["pickup_datetime"])


def hours(batch: pa.RecordBatch) -> pa.Array:
    """How many hours trips took. The cast is unsafe: a trip until 3019 has too many microseconds for a double."""
    microseconds = pc.cast(pc.cast(duration(batch), pa.int64()), pa.float64(), safe=False)
    return pc.divide(microseconds, double(3.6e9))


def miles(batch: pa.RecordBatch) -> pa.Array:
    """How far trips went."""
    return batch["trip_distance" if "trip_distance" in batch.schema.names else "trip_miles"]


def in_repeated_hour(batch: pa.RecordBatch, month: Month) -> pa.Array:
    """Whether a drop-off is shortly before a pickup in the hour that New York has twice in November.

    The hour begins at 01:00 on the first Sunday.
    """
    negative = pc.less(duration(batch), span(timedelta(0)))
    if month.month != 11:
        return pc.and_(negative, literal(value=False, arrow_type=pa.bool_()))
    first_day = month.start
    begin = first_day + timedelta(days=(6 - first_day.weekday()) % 7, hours=1)
    pickup = batch["pickup_datetime"]
    inside = pc.and_(pc.greater_equal(pickup, moment(begin)), pc.less(pickup, moment(begin + REPEATED_HOUR)))
    close = pc.greater_equal(duration(batch), span(-REPEATED_HOUR))
    return pc.and_(negative, pc.and_(inside, close))
