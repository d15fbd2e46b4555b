"""What a publisher of months is, and which one a name chooses.

TLC serves Parquet; the DataTalksClub mirror serves TLC's former CSV files; a mirror of your own may use either layout;
the sample publisher makes its months itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from taxi_assets.model.datasets import Dataset, FileFormat
from taxi_assets.model.made_up import SAMPLE
from taxi_assets.model.months import Month
from taxi_assets.model.publication import Publication
from taxi_assets.model.zones import ZoneLookup
from taxi_assets.publishers.file_version import FileVersion
from taxi_assets.publishers.http import RetryPolicy
from taxi_assets.publishers.sample.publisher import SamplePublisher
from taxi_assets.publishers.sites import SITES, check_name
from taxi_assets.publishers.web import MIRROR, WebPublisher


class Publisher(Protocol):
    """Supplies months of trips as published files."""

    @property
    def name(self) -> str:
        """The name of a site in `sites.py`, or `sample`, or `mirror`."""
        ...

    def fetch(self, dataset: Dataset, month: Month, folder: Path, known: Publication | None) -> Publication:
        """The month's file, fetched into `folder`; `known` itself if the publisher's file has not changed since.

        Raises NotPublishedError, BlockedError, CorruptFileError, or another TaxiError.
        """
        ...

    def probe(self, dataset: Dataset, month: Month, known: FileVersion | None = None) -> FileVersion | None:
        """The version of the month's file, without reading the file; None if the publisher has no such file.

        Passing `known`, the version seen last, makes the request conditional: an unchanged file costs the least. Raises
        BlockedError, TransientError, or another TaxiError.
        """
        ...

    def zones(self, folder: Path) -> ZoneLookup:
        """The lookup of TLC's taxi zones, fetched into `folder`; without names from a mirror that does not have it.

        Raises NotPublishedError, ContractError, or another TaxiError.
        """
        ...


def publisher(
    name: str,
    *,
    sample_rows: int,
    sample_format: FileFormat | None,
    retry_policy: RetryPolicy | None = None,
    redirect_hosts: Sequence[str] = (),
) -> Publisher:
    """The publisher for a value of TAXI_PUBLISHER: a site's name, `sample`, or the base URL of a mirror.

    Raises ValueError for anything else. `sample_rows` and `sample_format` concern `sample` only; `redirect_hosts` are
    the hosts that another publisher may redirect to, besides those that it is known to use.
    """
    check_name(name)
    if name == SAMPLE:
        return SamplePublisher(sample_rows, sample_format)
    retry_policy = retry_policy or RetryPolicy()
    if site := SITES.get(name):
        return WebPublisher(site.name, site.base_url, (site,), retry_policy, tuple(redirect_hosts))
    return WebPublisher(MIRROR, name, tuple(SITES.values()), retry_policy, tuple(redirect_hosts))
