"""How a site's record becomes URLs and file names."""

from __future__ import annotations

import pytest

from taxi_assets.model.datasets import GREEN_TAXI
from taxi_assets.model.months import Month
from taxi_assets.publishers.sites import SITES, Site, check_name

MONTH = Month(2024, 3)


def test_a_site_is_chosen_by_its_name() -> None:
    assert [site.name for site in SITES.values()] == [*SITES]


def test_a_path_may_have_a_folder_for_each_year_and_names_of_its_own() -> None:
    site = Site("x", "https://x.example", "{month.year}/{month.month:02d}/{dataset}.parquet", "parquet")
    assert site.url("https://mirror.example/", GREEN_TAXI, MONTH) == "https://mirror.example/2024/03/green.parquet"
    assert site.file_name(GREEN_TAXI, MONTH) == "green.parquet"


@pytest.mark.parametrize("name", [*SITES, "sample", "file:///mirror", "http://mirror", "https://mirror"])
def test_sites_the_sample_and_mirrors_are_publishers(name: str) -> None:
    check_name(name)


def test_a_wrong_name_is_told_the_right_ones() -> None:
    with pytest.raises(ValueError, match=f"'tlcc' is not a publisher: use {', '.join(SITES)}, sample, or the base URL"):
        check_name("tlcc")
