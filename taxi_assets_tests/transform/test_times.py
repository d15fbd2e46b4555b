"""Times are read as people write them: one format a column, no day that the calendar lacks."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxi_assets.transform.times import FORMATS, ISO, TimeFormat, format_of, is_zoned, within_databases

MOMENTS = st.datetimes(datetime(2009, 1, 1), datetime(2068, 12, 31)).map(lambda moment: moment.replace(microsecond=0))  # noqa: DTZ001


def _written(moment: datetime, form: TimeFormat, *, padded: bool) -> str:
    """A moment as people write it in a format."""
    if form is ISO:
        return str(moment)
    year = f"{moment.year % 100:02d}" if "2-digit" in form.name else str(moment.year)
    month, day = (f"{part:02d}" if padded else str(part) for part in (moment.month, moment.day))
    if "24" in form.name:
        return f"{month}/{day}/{year} {moment.hour}:{moment:%M:%S}"
    hour = (moment.hour - 1) % 12 + 1
    return (
        f"{month}/{day}/{year} {f'{hour:02d}' if padded else hour}:{moment:%M:%S} {'PM' if moment.hour > 11 else 'AM'}"
    )


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=20), padded=st.booleans())
def test_a_column_is_read_in_the_format_that_it_is_written_in(
    form: TimeFormat, moments: list[datetime], padded: bool
) -> None:
    texts = [_written(moment, form, padded=padded) for moment in moments]
    assert format_of(texts) is form
    assert form.read(pa.array(texts)).to_pylist() == moments


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-01-03T08:07:01", datetime(2021, 1, 3, 8, 7, 1)),  # noqa: DTZ001
        ("2021-01-03 08:07", datetime(2021, 1, 3, 8, 7)),  # noqa: DTZ001
        ("2021-01-03 08:07:01.5", datetime(2021, 1, 3, 8, 7, 1, 500_000)),  # noqa: DTZ001
        ("2021-01-03 08:07:01.123456789", datetime(2021, 1, 3, 8, 7, 1, 123_456)),  # noqa: DTZ001
        ("04/24/2018 12:39:53 AM", datetime(2018, 4, 24, 0, 39, 53)),  # noqa: DTZ001
        ("04/24/2018 12:39:53 PM", datetime(2018, 4, 24, 12, 39, 53)),  # noqa: DTZ001
        ("1/1/2021 0:36", datetime(2021, 1, 1, 0, 36)),  # noqa: DTZ001
        ("3/1/16 0:07", datetime(2016, 3, 1, 0, 7)),  # noqa: DTZ001
    ],
)
def test_each_way_to_write_a_time_is_known(text: str, moment: datetime) -> None:
    form = format_of([text])
    assert form is not None
    assert form.read(pa.array([text, None])).to_pylist() == [moment, None]


@pytest.mark.parametrize(
    "text",
    [
        "2021-02-29 08:00:00",
        "2021-13-01 08:00:00",
        "2021-01-01 24:00:01",
        "2021-01-01 00:00:60",
        "2021-01-01",
        "0000-00-00",
        "2/30/2018 06:39:53 PM",
        "04/24/2018 13:39:53 PM",
        "04/24/2018 00:39:53 PM",
        "13/01/2021 0:36",
        "1/1/2021 25:36",
        "yesterday",
    ],
)
def test_what_is_no_time_is_null_beside_those_that_are(text: str) -> None:
    for form, good in zip(FORMATS, map(_example, FORMATS), strict=True):
        assert form.read(pa.array([good, text])).to_pylist() == [datetime(2021, 1, 3, 8, 7, 1), None]  # noqa: DTZ001


def test_a_zone_is_seen() -> None:
    zoned = ["2021-01-03 08:00:00Z", "2021-01-03T08:00:00+02:00", "2021-01-03T08:00:00.5-0500"]
    assert [is_zoned(text) for text in (*zoned, "2021-01-03 08:00", "2021-01-03")] == [True] * 3 + [False] * 2


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_the_years_1_to_9999_are_times_and_others_are_none(unit: str) -> None:
    inside = [datetime(1, 1, 1), datetime(3019, 2, 3, 4, 5, 6), datetime(9999, 12, 31, 23, 59, 59)]  # noqa: DTZ001
    numbers = [int((moment - datetime(1970, 1, 1)).total_seconds()) for moment in inside]  # noqa: DTZ001
    seconds = [*numbers, numbers[0] - 1, numbers[-1] + 1, None]
    most = [2**63 - 1, -(2**63)] if unit == "us" else [2**60, -(2**60)]
    factor = {"s": 1, "ms": 10**3, "us": 10**6}[unit]
    values = pa.array([*(None if each is None else each * factor for each in seconds), *most], pa.int64())
    assert within_databases(values.view(pa.timestamp(unit))).to_pylist() == [*inside, None, None, None, None, None]


def test_nanoseconds_are_cut_to_microseconds() -> None:
    times = pa.array([1_609_661_221_000_001_999], pa.int64()).view(pa.timestamp("ns"))
    assert within_databases(times).to_pylist() == [datetime(2021, 1, 3, 8, 7, 1, 1)]  # noqa: DTZ001


def _example(form: TimeFormat) -> str:
    return _written(datetime(2021, 1, 3, 8, 7, 1), form, padded=True)  # noqa: DTZ001
