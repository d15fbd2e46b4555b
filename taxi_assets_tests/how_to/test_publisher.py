"""The page on publishers: the mirror is laid out as it says, and its diff makes a new site."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from taxi_assets.model.datasets import GREEN_TAXI, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.publishers.base import publisher
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets_tests.helpers.edited_package import ROOT, edited_package
from taxi_assets_tests.helpers.how_to import blocks
from taxi_assets_tests.servers.publisher import PublisherServer

pytestmark = pytest.mark.slow

PAGE = "publisher"
FORMATS: dict[Month, FileFormat] = {Month(2024, 1): "parquet", Month(2020, 4): "csv.gz"}
FETCH = """
import sys
from pathlib import Path
from taxi_assets.model.datasets import GREEN_TAXI
from taxi_assets.model.months import Month
from taxi_assets.publishers.base import publisher
from taxi_assets.settings import Settings

found = publisher(Settings.from_env().publisher, sample_rows=1, sample_format=None)
staging = Path(sys.argv[1])
month = found.fetch(GREEN_TAXI, Month(2024, 1), staging, None)
print(month.publisher, month.publication, month.url, month.name, month.format, found.zones(staging).zones[0].zone)
"""


def publish(path: Path, month: Month) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sample(GREEN_TAXI, month, path, rows=20, file_format=FORMATS[month])


def publish_zones(root: Path) -> None:
    path = root / "misc/taxi_zone_lookup.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(zone_lookup())


def fetch(staging: Path, package: Path) -> subprocess.CompletedProcess[str]:
    """Fetches green 2024-01 and the zones from publisher `archive`, by the package in a folder."""
    return subprocess.run(
        [sys.executable, "-c", FETCH, staging],
        env={**os.environ, "PYTHONPATH": str(package), "TAXI_PUBLISHER": "archive"},
        cwd=staging,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_mirror_laid_out_as_the_page_says_serves_its_months_and_zones(tmp_path: Path) -> None:
    [layout] = [block.text for block in blocks(PAGE) if block.language == "text"]
    parquet, csv, zones = (tmp_path / line.split()[0] for line in layout.splitlines())
    publish(parquet, Month(2024, 1))
    publish(csv, Month(2020, 4))
    zones.parent.mkdir()
    zones.write_bytes(zone_lookup())
    staging = tmp_path / "staging"
    staging.mkdir()
    with PublisherServer(tmp_path, missing_status=404) as server:
        mirror = publisher(server.url, sample_rows=1, sample_format=None)
        for path, (month, file_format) in zip((parquet, csv), FORMATS.items(), strict=True):
            got = mirror.fetch(GREEN_TAXI, month, staging, None)
            assert (got.publisher, got.format, got.name) == ("mirror", file_format, path.name)
            assert got.path.read_bytes() == path.read_bytes()
        assert mirror.zones(staging).zones[0].zone


def test_the_record_of_the_page_makes_a_site_that_is_chosen_by_its_name(tmp_path: Path) -> None:
    package = edited_package(PAGE, tmp_path / "code")
    publish(tmp_path / "site/2024/green_tripdata_2024-01.parquet", Month(2024, 1))
    publish_zones(tmp_path / "site")
    staging = tmp_path / "staging"
    staging.mkdir()
    with PublisherServer(tmp_path / "site", missing_status=404) as server:
        sites = package / "taxi_assets/publishers/sites.py"
        assert "https://archive.example/tlc" in sites.read_text()
        sites.write_text(sites.read_text().replace("https://archive.example/tlc", server.url))
        done = fetch(staging, package)
        assert done.returncode == 0, done.stderr
        url = f"{server.url}/2024/green_tripdata_2024-01.parquet"
        assert done.stdout.startswith(f"archive archive {url} green_tripdata_2024-01.parquet parquet ")
        assert not done.stdout.rstrip().endswith("None")


def test_without_the_record_there_is_no_such_publisher(tmp_path: Path) -> None:
    done = fetch(tmp_path, ROOT)
    assert done.returncode != 0
    assert "use tlc, datatalks, sample, or the base URL of a mirror" in done.stderr
