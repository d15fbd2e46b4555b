"""Times as people write them: which of a few formats a column has, and its texts as times.

ISO (`2021-01-03 08:07:01`, with a blank or a T, with or without seconds and fractions) and month first, as the city's
open data portal and spreadsheets write it (`04/24/2018 06:39:53 PM`, `1/1/2021 0:36`, `3/1/16 0:07`). A column has one
format from its first row to its last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.transform.arrow import literal, repeated_text, text_array

MICROSECONDS = pa.timestamp("us")
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?$")
_ZONED = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}:?(\d{2})?)$")
_DATE = re.compile(r"^(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/(\d{4}|\d{2}))$")
_BEYOND_MICROSECONDS = r"(\.\d{6})\d+$"
_YEAR_1 = (datetime(1, 1, 1) - datetime(1970, 1, 1)) // timedelta(seconds=1)  # noqa: DTZ001 naive, as TLC's times
_YEAR_10000 = (datetime(9999, 12, 31) - datetime(1970, 1, 1)) // timedelta(seconds=1) + 86_400  # noqa: DTZ001
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


@dataclass(frozen=True)
class TimeFormat:
    """A way to write times: the pattern that a text of the format matches, and the century that its years lack."""

    name: str
    pattern: str
    century: str = ""

    def count(self, texts: list[str]) -> int:
        """How many of the texts have this format."""
        return sum(re.match(self.pattern, text) is not None for text in texts)

    def read(self, texts: pa.Array) -> pa.Array:
        """The texts as timestamps in microseconds; null where a text is not a time of this format."""
        iso = texts if self is ISO else _rearranged(texts, self)
        try:
            return _cast_iso(iso)
        except pa.ArrowInvalid:
            return _readable(iso)


def _month_first(years: int, clock: int) -> TimeFormat:
    half = "" if clock == 24 else r" ?(?P<half>[AaPp])[Mm]"
    pattern = (
        rf"^(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})/(?P<year>\d{{{years}}}) "
        rf"(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?P<second>:\d{{2}})?{half}$"
    )
    return TimeFormat(f"month first, {years}-digit years, {clock} hours", pattern, "" if years == 4 else "20")


ISO = TimeFormat("ISO", _ISO.pattern)
FORMATS = (ISO, *(_month_first(years, clock) for years in (4, 2) for clock in (12, 24)))


def format_of(texts: list[str]) -> TimeFormat | None:
    """The format that most of the texts have; None when none of them has one."""
    count, best = max(((each.count(texts), -place) for place, each in enumerate(FORMATS)), default=(0, 0))
    return FORMATS[-best] if count else None


def is_zoned(text: str) -> bool:
    """Whether a time in text says its time zone: `Z` or an offset from UTC."""
    return _ZONED.search(text) is not None


def is_date(text: str) -> bool:
    """Whether a text is a date without a time, in one of the orders that times have."""
    return _DATE.match(text) is not None


def read_iso(texts: pa.Array) -> pa.Array | None:
    """ISO texts as timestamps in microseconds; None unless all are times of the years that databases know."""
    try:
        times = _cast_iso(texts)
    except pa.ArrowInvalid:
        return None
    fitting = within_databases(times)
    return fitting if fitting.null_count == texts.null_count else None


def within_databases(times: pa.Array) -> pa.Array:
    """Timestamps in microseconds; null for those outside the years 1 to 9999, the range of BigQuery's DATETIME.

    Source: Google's documentation of GoogleSQL, "Data types".
    """
    if times.type.unit == "ns":  # ends with the year 2262
        return pc.cast(times, MICROSECONDS, safe=False)
    numbers = pc.cast(times, pa.int64())
    low, high = (literal(second * _PER_SECOND[times.type.unit], pa.int64()) for second in (_YEAR_1, _YEAR_10000))
    fits = pc.and_(pc.greater_equal(numbers, low), pc.less(numbers, high))
    if pc.all(fits).as_py() is False:
        times = pc.if_else(fits, times, pa.nulls(len(times), times.type))
    return times if times.type == MICROSECONDS else pc.cast(times, MICROSECONDS)


def _cast_iso(texts: pa.Array) -> pa.Array:
    # Arrow takes a date for its midnight; TLC's times have hours, and a column of dates has lost them.
    shortest = pc.min(pc.binary_length(texts)).as_py()
    if shortest is not None and shortest < len("2021-01-03 08:07"):
        raise pa.ArrowInvalid("a date without a time")
    return pc.cast(texts, MICROSECONDS)


def _readable(iso: pa.Array) -> pa.Array:
    """ISO texts as times, those that are none as null: looked at once for each distinct text."""
    distinct = iso.dictionary_encode()
    short = pc.replace_substring_regex(distinct.dictionary, _BEYOND_MICROSECONDS, r"\1")
    values = [text if text is not None and _is_time(text) else None for text in short.to_pylist()]
    return pc.cast(text_array(values), MICROSECONDS).take(distinct.indices)


def _is_time(text: str) -> bool:
    if not _ISO.match(text):
        return False
    try:
        pc.cast(text_array([text]), MICROSECONDS)
    except pa.ArrowInvalid:
        return False
    return True


def _rearranged(texts: pa.Array, form: TimeFormat) -> pa.Array:
    """Month-first texts as ISO; null where a text does not match. Unlike strptime, the same in every locale."""
    parts = pc.extract_regex(texts, form.pattern)

    def part(name: str) -> pa.Array:
        return pc.struct_field(parts, name)

    seconds = part("second")
    none = pc.equal(pc.binary_length(seconds), literal(0, pa.int32()))
    seconds = pc.if_else(none, repeated_text(":00", len(texts)), seconds)
    year = part("year")
    if form.century:
        year = pc.binary_join_element_wise(repeated_text(form.century, len(texts)), year, "")
    day = pc.binary_join_element_wise(year, _padded(part("month")), _padded(part("day")), "-")
    hour = part("hour") if "half" not in form.pattern else _hour_of_24(part("hour"), part("half"))
    clock = pc.binary_join_element_wise(_padded(hour), part("minute"), ":")
    clock = pc.binary_join_element_wise(clock, seconds, "")
    return pc.binary_join_element_wise(day, clock, " ")


def _padded(digits: pa.Array) -> pa.Array:
    return pc.utf8_lpad(digits, 2, "0")


def _hour_of_24(hours: pa.Array, halves: pa.Array) -> pa.Array:
    """12 AM is 0, 12 PM is 12; an hour outside 1 to 12 becomes 99, which is no time."""
    number = pc.cast(hours, pa.int64())
    twelve = literal(12, pa.int64())
    in_half = pc.if_else(pc.equal(number, twelve), literal(0, pa.int64()), number)
    later = pc.equal(pc.utf8_lower(halves), text_array(["p"])[0])
    of_day = pc.if_else(later, pc.add(in_half, twelve), in_half)
    possible = pc.and_(pc.greater(number, literal(0, pa.int64())), pc.less_equal(number, twelve))
    return pc.cast(pc.if_else(possible, of_day, literal(99, pa.int64())), pa.string())
