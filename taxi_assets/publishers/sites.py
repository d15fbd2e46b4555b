"""The web sites that publish months: where each one is, and how it lays out its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from taxi_assets.model.datasets import Dataset, FileFormat
from taxi_assets.model.made_up import SAMPLE
from taxi_assets.model.months import Month


@dataclass(frozen=True)
class Site:
    """A publisher's web site.

    `name` is the value of TAXI_PUBLISHER that chooses it. `path` is the path of a month's file below `base_url`: a
    format string over `dataset` (the name) and `month` (a Month). `redirect_hosts` are other hosts of the publisher,
    which the site redirects to.
    """

    name: str
    base_url: str
    path: str
    format: FileFormat
    redirect_hosts: tuple[str, ...] = ()

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
    # Where GitHub has the files of releases, since 2025 and before.
    ("release-assets.githubusercontent.com", "objects.githubusercontent.com"),
)
SITES: Final = {site.name: site for site in (TLC_SITE, DATATALKS_SITE)}
"""The sites by name. A mirror may use the layout of any of them; they are tried in this order."""
ZONES_PATH: Final = "misc/taxi_zone_lookup.csv"
"""The path of the zone lookup below the base URL of every site."""
MIRROR_SCHEMES: Final = ("http://", "https://", "file://")
REDIRECT_HOSTS: Final = "TAXI_REDIRECT_HOSTS"
"""The setting with the hosts that any publisher may redirect to."""


def check_name(name: str) -> None:
    """Raises ValueError unless `name` is the name of a publisher or the base URL of a mirror.

    The error does not show what may hold a password.
    """
    shown = "its value, not shown as it may hold a password," if "@" in name else repr(name)
    if name not in (*SITES, SAMPLE) and not name.startswith(MIRROR_SCHEMES):
        raise ValueError(
            f"{shown} is not a publisher: use {', '.join((*SITES, SAMPLE))}, or the base URL of a mirror "
            "(http, https or file)"
        )
    if name.startswith(("http://", "https://")) and (fault := _fault(name)):
        raise ValueError(f"{shown} is no base URL of a mirror: {fault}")


def _fault(url: str) -> str:
    """Why a program could take another part of the URL for the host than is meant; else an empty text."""
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        host = None
    if not host:
        return "its host or its port cannot be read; in a password write / # ? as %2F %23 %3F"
    if re.search(r"[\s\\\"'<>]", url) or not url.isprintable():
        return "it has a blank, a quotation mark or the like in it"
    return "it has more than the @ before the host; others are %40" if "@" in url.replace("@" + host, "", 1) else ""
