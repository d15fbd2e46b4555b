"""How publishers lay out their files, as data."""

from __future__ import annotations

from dataclasses import dataclass

from taxi_assets.model.datasets import Dataset, FileFormat
from taxi_assets.model.made_up import SAMPLE
from taxi_assets.model.months import Month

TLC_URL = "https://d37ci6vzurychx.cloudfront.net"
DATATALKS_URL = "https://github.com/DataTalksClub/nyc-tlc-data/releases/download"

NAMES = ("tlc", "datatalks", SAMPLE)
MIRROR_SCHEMES = ("http://", "https://", "file://")


@dataclass(frozen=True)
class Site:
    """How a publisher lays out its files: `path` below its base URL."""

    name: str
    path: str
    format: FileFormat

    def file_name(self, dataset: Dataset, month: Month) -> str:
        return f"{dataset.month_name(month)}.{self.format}"

    def url(self, base: str, dataset: Dataset, month: Month) -> str:
        return f"{base.rstrip('/')}/{self.path.format(dataset=dataset.name)}/{self.file_name(dataset, month)}"


def check_name(name: str) -> None:
    """Raises ValueError for what is neither the name of a publisher nor the base URL of a mirror."""
    if name not in NAMES and not name.startswith(MIRROR_SCHEMES):
        raise ValueError(
            f"{name!r} is no publisher: use tlc, datatalks, sample, or the base URL of a mirror (http, https, file)"
        )


TLC_SITE = Site("tlc", "trip-data", "parquet")
DATATALKS_SITE = Site("datatalks", "{dataset}", "csv.gz")
ZONES_PATH = "misc/taxi_zone_lookup.csv"
"""Below the base URL of either."""
