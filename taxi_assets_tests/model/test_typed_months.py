"""A month is read as people type it, and what is none is refused with the months that there are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from taxi_assets.model.datasets import DATASETS, GREEN_TAXI
from taxi_assets.model.months import Month
from taxi_assets.model.typed_months import last_month, month_of_dataset, typed_month
from taxi_assets.partitions import months_until

JULY = [
    *("2021-07", "2021-7", "2021/07", "2021/7", "2021.07", "202107"),
    *("2021-07-01", "2021-7-1", "2021/07/01", "20210701", " 2021-07 ", "2021-07\n"),
]


@pytest.mark.parametrize("text", JULY)
def test_july_2021_is_read_however_it_is_typed(text: str) -> None:
    assert typed_month(text) == Month(2021, 7)


@pytest.mark.parametrize(
    "text",
    ["", "2021", "20217", "2021-007", "07-2021", "July 2021", "2021-07-02", "2021-13", "2021-00", "21-07", "2021--07"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no month: write it as 2021-01|is not a month"):
        typed_month(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yesterday", "'yesterday' is no month: write it as 2021-01. green has the months 2013-08 to "),
        ("2021-13", "2021-13 is not a month. green has the months 2013-08 to "),
        ("2013-07", "There is no green 2013-07: green has the months 2013-08 to "),
        ("2099-1", "There is no green 2099-01: green has the months 2013-08 to "),
    ],
)
def test_a_month_that_a_dataset_does_not_have_is_refused_with_those_it_has(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="green has the months") as refused:
        month_of_dataset(GREEN_TAXI, text)
    assert str(refused.value) == f"{said}{last_month()}"


@pytest.mark.parametrize("now", [datetime(2026, 11, day, hour, tzinfo=UTC) for day in (1, 21) for hour in (0, 23)])
def test_the_last_month_is_that_of_the_partitions(now: datetime) -> None:
    for dataset in DATASETS.values():
        assert months_until(dataset, now)[-1] == last_month(now)
    assert [months_until(GREEN_TAXI)[-1], months_until(GREEN_TAXI)[0]] == [last_month(), GREEN_TAXI.first_month]
