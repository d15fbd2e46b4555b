"""The zone lookup: what is read from a published file, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from taxi_assets.destinations.zone_view import zone_view_select
from taxi_assets.errors import ContractError, NotPublishedError
from taxi_assets.model.zone_ids import ZONE_IDS
from taxi_assets.model.zones import Zone, ZoneLookup, read_zones
from taxi_assets.publishers.base import publisher
from taxi_assets.publishers.http import RetryPolicy
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.publishers.sites import DATATALKS_SITE, TLC_SITE
from taxi_assets.publishers.web import WebPublisher
from taxi_assets_tests.servers.publisher import PublisherServer

LOOKUP = zone_lookup()
QUICK = RetryPolicy(connect=5, read=5, total=30, attempts=3, first_wait=0.01, longest_wait=0.02)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A publisher's folder with the lookup."""
    path = tmp_path / "site/misc/taxi_zone_lookup.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(LOOKUP)
    return tmp_path / "site"


def _zones_of(url: str, folder: Path) -> ZoneLookup:
    zones = publisher(url, sample_rows=1, sample_format=None, retry_policy=QUICK).zones(folder)
    assert not list(folder.glob("*.csv"))
    return zones


def test_the_sample_has_tlcs_shape_and_no_name_of_tlcs() -> None:
    lines = LOOKUP.decode().split("\r\n")
    assert lines[0] == '"LocationID","Borough","Zone","service_zone"'
    assert lines[1] == '1,"EWR","Sample zone 1","EWR"'
    zones = read_zones(LOOKUP)
    assert [zone.location_id for zone in zones] == list(ZONE_IDS)
    assert {zone.zone for zone in zones} == {f"Sample zone {number}" for number in ZONE_IDS}
    boroughs = {"Manhattan", "Brooklyn", "Queens", "Bronx", "Staten Island", "EWR", "Unknown", "N/A"}
    assert {zone.borough for zone in zones} == boroughs
    assert (zones[263].borough, zones[264].borough) == ("Unknown", "N/A")


def test_columns_are_found_by_name_rows_put_in_order_and_empty_names_are_null() -> None:
    rows = [f"North,x,{number}, ,Zone {number} " for number in reversed(ZONE_IDS)]
    data = "\n".join(["borough,shape, LOCATIONID ,Service_Zone,Zone", *rows]).encode("utf-8-sig")
    assert read_zones(data)[1] == Zone(2, "North", "Zone 2", None)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"LocationID","Borough","Zone"', "location_id,borough,zone"),
        lambda text: f"\ufeff{text}",
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\r\n", "\r"),
        lambda text: re.sub(r"^(\d+),", r" \1.0 ,", text, flags=re.MULTILINE),
        lambda text: f"\r\n{text}\r\n , ,,\r\n\r\n",
        lambda text: text.replace(",", " , "),
        lambda text: text.replace('"', ""),
        lambda text: text.removesuffix("\r\n"),
    ],
)
def test_the_lookup_is_read_as_people_write_it(change: Callable[[str], str]) -> None:
    text = LOOKUP.decode()
    assert change(text) != text
    assert read_zones(change(text).encode()) == read_zones(LOOKUP)


def test_of_two_columns_of_ids_the_published_one_counts() -> None:
    rows = [f"{number},0,Queens,Zone {number},Boro" for number in ZONE_IDS]
    assert (
        read_zones("\n".join(["LocationID,location_id,Borough,Zone,service_zone", *rows]).encode())[0].location_id == 1
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a CSV file"),
        (b"\xff\xfe\x00", "not a CSV file"),
        (b"<html>Forbidden</html>", "lacks LocationID, Borough"),
        (LOOKUP.replace(b'"service_zone"', b'"serving"'), "lacks service_zone"),
        (LOOKUP.replace(b"\r\n17,", b"\r\n18,"), "1 to 265, each once"),
        (LOOKUP[: LOOKUP.index(b"\r\n265,") + 2], "has 264 zones"),
        (LOOKUP + b'266,"Queens","Sample zone 266","Boro Zone"\r\n', "has 266 zones"),
        (LOOKUP.replace(b"\r\n17,", b"\r\nseventeen,"), "LocationID 'seventeen' in line 18"),
        (LOOKUP.replace(b"\r\n17,", b"\r\n17.5,"), "LocationID '17.5' in line 18"),
        (LOOKUP.replace(b"\r\n17,", b"\r\n,"), "LocationID '' in line 18"),
        (LOOKUP.replace(b"\r\n17,", b"\r\n-17,"), "LocationID '-17' in line 18"),
        (LOOKUP.replace(b"\r\n17,", b"\r\n18,"), "zone 18 twice, the second time in line 19"),
        (LOOKUP + b"17\r\n", "too few values in line 267: '17'"),
        (LOOKUP.replace(b"Sample zone 17", b"Sample\0zone"), "NUL in line 18"),
        (LOOKUP + b'266,"' + b"x" * 200_000, "not a CSV file: field larger than field limit .* in line 267"),
    ],
)
def test_what_is_not_all_zones_each_once_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        read_zones(data)


def test_the_lookup_is_fetched_from_sites_folders_and_the_sample(mirror: Path, tmp_path: Path) -> None:
    with PublisherServer(mirror) as server:
        fetched = _zones_of(server.url, tmp_path)
        assert fetched.url == f"{server.url}/misc/taxi_zone_lookup.csv"
        for site in (TLC_SITE, DATATALKS_SITE):
            assert WebPublisher(site.name, server.url, (site,), QUICK).zones(tmp_path) == fetched
    assert _zones_of(mirror.as_uri(), tmp_path).zones == _zones_of("sample", tmp_path).zones == fetched.zones
    assert _zones_of("sample", tmp_path).sha256 == fetched.sha256


def test_a_passing_failure_is_tried_again(mirror: Path, tmp_path: Path) -> None:
    with PublisherServer(mirror) as server:
        server.fail("taxi_zone_lookup", 503, times=2)
        assert _zones_of(server.url, tmp_path).zones == read_zones(LOOKUP)


@pytest.mark.parametrize("status", [403, 404])
def test_a_mirror_without_the_lookup_gives_zones_without_names(tmp_path: Path, status: int) -> None:
    with PublisherServer(tmp_path, status) as server:
        lookup = _zones_of(server.url, tmp_path)
    assert lookup.zones == tuple(Zone(number, None, None, None) for number in ZONE_IDS)
    assert not lookup.url


def test_tlc_without_the_lookup_is_an_error(tmp_path: Path) -> None:
    with PublisherServer(tmp_path) as server:
        tlc = WebPublisher("tlc", server.url, (TLC_SITE,), QUICK)
        with pytest.raises(NotPublishedError, match="tlc has no zone lookup"):
            tlc.zones(tmp_path)
        assert replace(tlc, name="mirror").zones(tmp_path).zones


def test_the_names_of_a_view_stand_before_the_columns_that_may_grow() -> None:
    select = zone_view_select("trips_table", "zones_table", ["pickup_location_id", "new"], lambda name: f"<{name}>")
    names = "pickup.borough AS pickup_borough, pickup.zone AS pickup_zone, "
    names += "dropoff.borough AS dropoff_borough, dropoff.zone AS dropoff_zone"
    assert select.startswith(f"SELECT {names}, trips.<pickup_location_id>, trips.<new> FROM")
