"""What one can rely on in a month."""

from datetime import date, datetime, timedelta

import pytest

from taxi_assets.model.months import Month

EVERY_MONTH = [Month(year, month) for year in range(2009, 2031) for month in range(1, 13)]


@pytest.mark.parametrize("text", ["2021-01", "2021-01-01"])
def test_a_month_is_written_with_or_without_its_first_day(text: str) -> None:
    assert Month.parse(text) == Month(2021, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2021",
        "2021-1",
        "2021-13",
        "2021-00",
        "0000-01",
        "2024-03-02",
        "2021-01-01 ",
        "2021-01\n",
        "21-01",
        "\u0662\u0660\u0662\u0661-\u0660\u0661",
    ],
)
def test_anything_else_is_no_month(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month"):
        Month.parse(text)


@pytest.mark.parametrize(("year", "month"), [(2021, 0), (2021, 13), (0, 1), (9999, 1), (-1, 6)])
def test_a_month_that_does_not_exist_cannot_be_made(year: int, month: int) -> None:
    with pytest.raises(ValueError, match="is not a month"):
        Month(year, month)


def test_its_names_are_those_of_files_of_partitions_and_of_bigquery() -> None:
    month = Month(2021, 1)
    assert (str(month), month.key, month.compact) == ("2021-01", "2021-01-01", "202101")
    assert all(Month.parse(str(month)) == Month.parse(month.key) == month for month in EVERY_MONTH)


def test_months_sort_by_time_and_so_do_their_names() -> None:
    assert sorted([Month(2021, 2), Month(2020, 12), Month(2021, 1)]) == [
        Month(2020, 12),
        Month(2021, 1),
        Month(2021, 2),
    ]
    assert sorted(EVERY_MONTH, key=str) == EVERY_MONTH


def test_a_month_ends_where_the_next_one_starts_without_a_time_zone() -> None:
    assert (Month(2021, 12).start, Month(2021, 12).end) == (datetime(2021, 12, 1), datetime(2022, 1, 1))  # noqa: DTZ001
    assert Month(2024, 2).end - Month(2024, 2).start == timedelta(days=29)
    assert all(month.end == (month + 1).start for month in EVERY_MONTH)
    # New York's repeated hour makes no difference to naive times.
    assert Month(2021, 11).end - Month(2021, 11).start == timedelta(days=30)
    assert Month(2021, 11).first_day == date(2021, 11, 1)


def test_counting_months_crosses_years_in_both_directions() -> None:
    assert Month(2020, 11) + 3 == Month(2021, 2)
    assert Month(2021, 2) + -3 == Month(2020, 11)
    assert Month(2021, 2) - Month(2020, 11) == 3
    assert all(EVERY_MONTH[0] + (month - EVERY_MONTH[0]) == month for month in EVERY_MONTH)


def test_the_last_month_there_is_has_an_end() -> None:
    assert Month(9998, 12).end == datetime(9999, 1, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="is not a month"):
        Month(9998, 12) + 1
