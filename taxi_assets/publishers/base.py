"""Who publishes months: TLC, the CSV mirror, a mirror of your own, and the sample.

TLC serves Parquet; the DataTalksClub mirror serves TLC's former CSV files; a mirror of your own may have either
layout; the sample publisher makes its months itself. All answer the same questions: `probe` and `fetch` this month.
"""

from __future__ import annotations

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
from taxi_assets.publishers.sites import DATATALKS_SITE, DATATALKS_URL, TLC_SITE, TLC_URL, check_name
from taxi_assets.publishers.web import MIRROR, WebPublisher


class Publisher(Protocol):
    """Gives months of trips as published files."""

    @property
    def name(self) -> str:
        """tlc, datatalks, sample or mirror."""
        ...

    def fetch(self, dataset: Dataset, month: Month, folder: Path, known: Publication | None) -> Publication:
        """The month's file, fetched into `folder`; `known` itself when the publisher's file has not changed.

        Raises NotPublishedError, BlockedError, CorruptFileError, or another TaxiError.
        """
        ...

    def probe(self, dataset: Dataset, month: Month, known: FileVersion | None = None) -> FileVersion | None:
        """The month's file as it is now, none of it read; None when the publisher works but has no such file.

        With `known`, what was seen before, an unchanged file costs the least. Raises BlockedError, TransientError, or
        another TaxiError.
        """
        ...

    def zones(self, folder: Path) -> ZoneLookup:
        """The lookup of TLC's taxi zones, fetched through `folder`; without names from a mirror that has none.

        Raises NotPublishedError, ContractError, or another TaxiError.
        """
        ...


def publisher(
    name: str, *, sample_rows: int, sample_format: FileFormat | None, retry_policy: RetryPolicy | None = None
) -> Publisher:
    """The publisher called `tlc`, `datatalks` or `sample`, or a mirror at a base URL; ValueError for anything else."""
    check_name(name)
    retry_policy = retry_policy or RetryPolicy()
    if name == SAMPLE:
        return SamplePublisher(sample_rows, sample_format)
    if name == "tlc":
        return WebPublisher("tlc", TLC_URL, (TLC_SITE,), retry_policy)
    if name == "datatalks":
        return WebPublisher("datatalks", DATATALKS_URL, (DATATALKS_SITE,), retry_policy)
    return WebPublisher(MIRROR, name, (TLC_SITE, DATATALKS_SITE), retry_policy)
