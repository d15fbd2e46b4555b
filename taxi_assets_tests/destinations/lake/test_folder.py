"""What one can rely on in the lake folder."""

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from taxi_assets import atomic_files as files
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.datasets import GREEN_TAXI, YELLOW_TAXI
from taxi_assets.model.months import Month
from taxi_assets.model.publication import Publication

MONTH = Month(2021, 1)
OLD, NEW = b"old content", b"new content, longer"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def fetched(lake: Lake, content: bytes, name: str = "yellow_tripdata_2021-01.csv.gz") -> Publication:
    """A file as a publisher leaves it in the staging folder."""
    path = lake.staging() / f"{os.urandom(4).hex()}-month"
    path.write_bytes(content)
    return Publication(
        publisher="tlc",
        publication="tlc",
        url=f"http://publisher/{name}",
        name=name,
        format="csv.gz",
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        etag='"1"',
        last_modified="Wed, 21 Oct 2015 07:28:00 GMT",
    )


def raw_files(lake: Lake) -> list[str]:
    return sorted(path.name for path in lake.month_folder("raw", YELLOW_TAXI, MONTH).iterdir())


def test_each_month_has_its_own_folder_with_a_hive_style_name(lake: Lake) -> None:
    clean, quarantine = lake.clean_file(YELLOW_TAXI, MONTH), lake.quarantine_file(GREEN_TAXI, MONTH)
    month = "trip_month=2021-01-01"
    assert clean.relative_to(lake.folder) == Path(f"clean/yellow/{month}/yellow_tripdata_2021-01.parquet")
    assert quarantine.relative_to(lake.folder) == Path(f"quarantine/green/{month}/green_tripdata_2021-01.parquet")


def test_a_kept_file_is_found_again_with_all_that_is_known_of_it(lake: Lake) -> None:
    got = fetched(lake, OLD)
    kept = lake.keep(got, YELLOW_TAXI, MONTH)
    assert kept == replace(got, path=kept.path)
    assert kept.path.read_bytes() == OLD
    assert lake.publication(YELLOW_TAXI, MONTH) == kept
    assert list(lake.staging().iterdir()) == []
    assert lake.publication(GREEN_TAXI, MONTH) is None
    assert lake.publication(YELLOW_TAXI, MONTH + 1) is None


def test_raw_file_is_replaced_as_a_whole_and_there_is_one_copy(lake: Lake) -> None:
    old = lake.keep(fetched(lake, OLD), YELLOW_TAXI, MONTH)
    new = lake.keep(fetched(lake, NEW), YELLOW_TAXI, MONTH)
    assert lake.publication(YELLOW_TAXI, MONTH) == new
    assert new.path.read_bytes() == NEW
    assert not old.path.exists()
    assert raw_files(lake) == sorted(["publication.json", new.path.name])


def test_a_month_published_under_another_name_replaces_the_old_one_too(lake: Lake) -> None:
    lake.keep(fetched(lake, OLD), YELLOW_TAXI, MONTH)
    new = lake.keep(fetched(lake, NEW, "yellow_tripdata_2021-01.parquet"), YELLOW_TAXI, MONTH)
    assert raw_files(lake) == sorted(["publication.json", new.path.name])


def test_the_same_bytes_fetched_again_stay_one_file_with_the_newest_facts(lake: Lake) -> None:
    first = lake.keep(fetched(lake, OLD), YELLOW_TAXI, MONTH)
    again = lake.keep(replace(fetched(lake, OLD), etag='"2"'), YELLOW_TAXI, MONTH)
    assert again == replace(first, etag='"2"')
    assert lake.publication(YELLOW_TAXI, MONTH) == again
    assert raw_files(lake) == sorted(["publication.json", first.path.name])


def test_keeping_what_is_kept_already_changes_nothing(lake: Lake) -> None:
    kept = lake.keep(fetched(lake, OLD), YELLOW_TAXI, MONTH)
    assert lake.keep(kept, YELLOW_TAXI, MONTH) == kept
    assert kept.path.read_bytes() == OLD


def test_killed_before_the_new_file_was_made_current_the_old_one_is_still_whole(lake: Lake) -> None:
    old = lake.keep(fetched(lake, OLD), YELLOW_TAXI, MONTH)
    # The state between the two renames of keep(): the new file is there, publication.json names the old one.
    arrived = old.path.with_name("0123456789ab-yellow_tripdata_2021-01.csv.gz")
    arrived.write_bytes(NEW)
    assert lake.publication(YELLOW_TAXI, MONTH) == old
    assert old.path.read_bytes() == OLD
    new = lake.keep(fetched(lake, NEW), YELLOW_TAXI, MONTH)
    assert raw_files(lake) == sorted(["publication.json", new.path.name])


def test_a_failure_while_a_file_is_taken_in_leaves_the_old_one(lake: Lake) -> None:
    old = lake.keep(fetched(lake, OLD), YELLOW_TAXI, MONTH)
    lost = fetched(lake, NEW)
    lost.path.unlink()
    with pytest.raises(FileNotFoundError):
        lake.keep(lost, YELLOW_TAXI, MONTH)
    assert lake.publication(YELLOW_TAXI, MONTH) == old
    assert raw_files(lake) == sorted(["publication.json", old.path.name])


@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_a_file_that_is_removed_or_cut_counts_as_not_there(lake: Lake, damage: str) -> None:
    kept = lake.keep(fetched(lake, OLD), YELLOW_TAXI, MONTH)
    if damage == "removed":
        kept.path.unlink()
    else:
        kept.path.write_bytes(OLD[:-1])
    assert lake.publication(YELLOW_TAXI, MONTH) is None
    lake.keep(fetched(lake, OLD), YELLOW_TAXI, MONTH)
    assert kept.path.read_bytes() == OLD


def test_a_lake_can_be_moved(lake: Lake) -> None:
    lake.keep(fetched(lake, OLD), YELLOW_TAXI, MONTH)
    moved = Lake(lake.folder.rename(lake.folder.with_name("elsewhere")))
    publication = moved.publication(YELLOW_TAXI, MONTH)
    assert publication is not None
    assert publication.path.read_bytes() == OLD


def test_a_published_name_cannot_lead_out_of_the_months_folder(lake: Lake) -> None:
    kept = lake.keep(fetched(lake, OLD, "../../../evil.csv.gz"), YELLOW_TAXI, MONTH)
    assert kept.path.parent == lake.month_folder("raw", YELLOW_TAXI, MONTH)


def test_what_is_in_staging_from_elsewhere_is_removed_when_it_is_a_day_old(lake: Lake) -> None:
    dead, alive = fetched(lake, OLD).path, fetched(lake, NEW).path
    aged = time.time() - files.STALE_AFTER_SECONDS - 60
    os.utime(dead, (aged, aged))
    assert list(lake.staging().iterdir()) == [alive]
