"""The web sites that publish months: where each one is, and how it lays out its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from taxi_assets.model.datasets import Dataset, FileFormat
from taxi_assets.model.made_up import SAMPLE
from taxi_assets.model.months import Month


@dataclass(frozen=True)
class Site:
    """A publisher's web site.

    `name` is the value of TAXI_PUBLISHER that chooses it. `path` is the path of a month's file below `base_url`: a
    format string over `dataset` (the name) and `month` (a Month).
    """

    name: str
    base_url: str
    path: str
    format: FileFormat

    def file_name(self, dataset: Dataset, month: Month) -> str:
        """The name under which the site publishes the month: `yellow_tripdata_2021-01.parquet`."""
        return self._path(dataset, month).rpartition("/")[2]

    def url(self, base_url: str, dataset: Dataset, month: Month) -> str:
        """The month's URL on this site, or on a mirror of it at another base URL."""
        return f"{base_url.rstrip('/')}/{self._path(dataset, month)}"

    def _path(self, dataset: Dataset, month: Month) -> str:
        return self.path.format(dataset=dataset.name, month=month)


TLC_SITE: Final = Site(
    "tlc",
    "https://d37ci6vzurychx.cloudfront.net",
    "trip-data/{dataset}_tripdata_{month}.parquet",
    "parquet",
)
DATATALKS_SITE: Final = Site(
    "datatalks",
    "https://github.com/DataTalksClub/nyc-tlc-data/releases/download",
    "{dataset}/{dataset}_tripdata_{month}.csv.gz",
    "csv.gz",
)
SITES: Final = {site.name: site for site in (TLC_SITE, DATATALKS_SITE)}
"""The sites by name. A mirror may use the layout of any of them; they are tried in this order."""
ZONES_PATH: Final = "misc/taxi_zone_lookup.csv"
"""The path of the zone lookup below the base URL of every site."""
MIRROR_SCHEMES: Final = ("http://", "https://", "file://")


def check_name(name: str) -> None:
    """Raises ValueError unless `name` is the name of a publisher or the base URL of a mirror."""
    if name not in (*SITES, SAMPLE) and not name.startswith(MIRROR_SCHEMES):
        raise ValueError(
            f"{name!r} is not a publisher: use {', '.join((*SITES, SAMPLE))}, or the base URL of a mirror "
            "(http, https or file)"
        )
