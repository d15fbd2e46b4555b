"""Who publishes months, where their files are, and what it means when one is not there.

TLC serves Parquet; the DataTalksClub mirror serves TLC's former CSV files; a mirror of your own may have either
layout; the sample publisher makes its months itself. All answer the same question: `fetch` this month.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol, cast

from taxi_assets.datasets import Dataset
from taxi_assets.download import AbsentError, Download, Patience, Validators, download, exists
from taxi_assets.errors import BlockedError, NotPublishedError, TaxiError
from taxi_assets.integrity import check_file
from taxi_assets.layouts import FileFormat
from taxi_assets.months import Month
from taxi_assets.stores.files import sha256
from taxi_assets.stores.lake import Publication
from taxi_assets.zones import ZoneLookup

TLC_URL = "https://d37ci6vzurychx.cloudfront.net"
DATATALKS_URL = "https://github.com/DataTalksClub/nyc-tlc-data/releases/download"
MIRROR = "mirror"
"""The name of a publisher given by its base URL; it may have a part of what TLC publishes."""
LONGEST_LAG = timedelta(days=120)
"""TLC has published months 47 to 105 days after their end; one still absent after this long is not merely late."""


class Publisher(Protocol):
    """Gives months of trips as published files."""

    def fetch(self, dataset: Dataset, month: Month, folder: Path, known: Publication | None) -> Publication:
        """The month's file, fetched into `folder`; `known` itself when the publisher's file has not changed.

        Raises NotPublishedError, BlockedError, CorruptFileError, or another TaxiError.
        """
        ...

    def zones(self, folder: Path) -> ZoneLookup:
        """The lookup of TLC's taxi zones, fetched through `folder`; without names from a mirror that has none.

        Raises NotPublishedError, ContractError, or another TaxiError.
        """
        ...


@dataclass(frozen=True)
class Site:
    """How a publisher lays out its files: `path` below its base URL, and a month it is known to have."""

    name: str
    path: str
    format: FileFormat
    control: Month

    def file_name(self, dataset: Dataset, month: Month) -> str:
        return f"{dataset.month_name(month)}.{self.format}"

    def url(self, base: str, dataset: Dataset, month: Month) -> str:
        return f"{base.rstrip('/')}/{self.path.format(dataset=dataset.name)}/{self.file_name(dataset, month)}"


TLC_SITE = Site("tlc", "trip-data", "parquet", Month(2023, 1))
DATATALKS_SITE = Site("datatalks", "{dataset}", "csv.gz", Month(2020, 1))
ZONES_PATH = "misc/taxi_zone_lookup.csv"
"""Below the base URL of either."""


@dataclass(frozen=True)
class WebPublisher:
    """Files at a base URL (http, https, file) in one of the layouts of `sites`, the first that has the month."""

    name: str
    base: str
    sites: tuple[Site, ...]
    patience: Patience = field(default_factory=Patience)

    def fetch(self, dataset: Dataset, month: Month, folder: Path, known: Publication | None) -> Publication:
        absences: list[AbsentError] = []
        for site in self.sites:
            try:
                return self._fetch(site, dataset, month, folder, known)
            except AbsentError as error:
                absences.append(error)
        raise self._explained(absences, dataset, month)

    def _fetch(
        self, site: Site, dataset: Dataset, month: Month, folder: Path, known: Publication | None
    ) -> Publication:
        url = site.url(self.base, dataset, month)
        same_place = known is not None and known.url == url
        validators = Validators(known.etag, known.last_modified) if known and same_place else None
        target = folder / f"{secrets.token_hex(6)}-{site.file_name(dataset, month)}"
        with _removed_on_failure(target):
            fetched = download(url, target, validators, self.patience)
            if fetched is None:
                return cast("Publication", known)
            check_file(target, site.format)
        return _publication(self.name, site.name, site.file_name(dataset, month), site.format, fetched)

    def zones(self, folder: Path) -> ZoneLookup:
        url = f"{self.base.rstrip('/')}/{ZONES_PATH}"
        target = folder / f"{secrets.token_hex(6)}-zones.csv"
        try:
            download(url, target, patience=self.patience)
            return ZoneLookup.of_bytes(target.read_bytes(), url)
        except AbsentError as error:
            if self.name == MIRROR:
                return ZoneLookup.without_names()
            raise NotPublishedError(
                f"Publisher {self.name} has no zone lookup ({url}: {error.status}).", "Has it moved?"
            ) from error
        finally:
            target.unlink(missing_ok=True)

    def _explained(self, absences: list[AbsentError], dataset: Dataset, month: Month) -> TaxiError:
        """Not published, or are we refused? A month known to exist tells (TLC's CDN answers 403 in both cases)."""
        answers = "; ".join(f"{error.url}: {error.status}" for error in absences)
        forbidden = any(error.status == 403 for error in absences)
        if forbidden and not any(
            exists(site.url(self.base, dataset, site.control), self.patience) for site in self.sites
        ):
            return BlockedError(
                f"Publisher {self.name} refuses us: {answers}, and {self.sites[0].control} too.",
                "TLC and the CSV mirror have that month; a mirror of yours may answer 403 for what it lacks. Look at "
                "the URL in a browser from this machine; a proxy or a firewall may be in between.",
            )
        end = month.end.date()
        if date.today() - end < LONGEST_LAG:  # noqa: DTZ011 a day more or less does not matter here
            return NotPublishedError(
                f"Publisher {self.name} has not published {dataset.name} {month} yet ({answers}).",
                "TLC publishes a month about two months after its end: try again later.",
            )
        return NotPublishedError(
            f"Publisher {self.name} has no {dataset.name} {month} ({answers}).",
            "Does it cover that month? TLC has them all (TAXI_PUBLISHER=tlc); the CSV mirror ends with 2021-07.",
        )


@dataclass(frozen=True)
class SamplePublisher:
    """Makes TLC-shaped months of made-up trips: no network, the same bytes for the same month every time."""

    rows: int = 50_000
    format: FileFormat | None = None
    name: str = "sample"

    def fetch(self, dataset: Dataset, month: Month, folder: Path, known: Publication | None) -> Publication:
        from taxi_assets.sample import write_sample

        file_format = self.format or self._usual_format(month)
        url = f"sample://{dataset.name}/{month}.{file_format}?rows={self.rows}"
        target = folder / f"{secrets.token_hex(6)}-{dataset.month_name(month)}.{file_format}"
        with _removed_on_failure(target):
            write_sample(dataset, month, target, rows=self.rows, file_format=file_format)
            digest = sha256(target)
        if known is not None and (known.url, known.sha256) == (url, digest):
            target.unlink()
            return known
        made = Download(target, url, digest, target.stat().st_size, Validators())
        return _publication(
            self.name, self.name, f"sample/{dataset.month_name(month)}.{file_format}", file_format, made
        )

    def zones(self, folder: Path) -> ZoneLookup:
        from taxi_assets.sample.zones import zone_lookup

        return ZoneLookup.of_bytes(zone_lookup(), f"sample://{ZONES_PATH}")

    @staticmethod
    def _usual_format(month: Month) -> FileFormat:
        """The publication most people load a month from: CSV as far as the mirror has it."""
        return "csv.gz" if month <= Month(2021, 7) else "parquet"


def publisher(
    name: str, *, sample_rows: int, sample_format: FileFormat | None, patience: Patience | None = None
) -> Publisher:
    """The publisher called `tlc`, `datatalks` or `sample`, or a mirror at a base URL; ValueError for anything else."""
    patience = patience or Patience()
    if name == "sample":
        return SamplePublisher(sample_rows, sample_format)
    if name == "tlc":
        return WebPublisher("tlc", TLC_URL, (TLC_SITE,), patience)
    if name == "datatalks":
        return WebPublisher("datatalks", DATATALKS_URL, (DATATALKS_SITE,), patience)
    if name.startswith(("http://", "https://", "file://")):
        return WebPublisher(MIRROR, name, (TLC_SITE, DATATALKS_SITE), patience)
    raise ValueError(
        f"{name!r} is no publisher: use tlc, datatalks, sample, or the base URL of a mirror (http, https, file)"
    )


@contextmanager
def _removed_on_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _publication(
    publisher_name: str, publication: str, name: str, file_format: FileFormat, fetched: Download
) -> Publication:
    return Publication(
        publisher=publisher_name,
        publication=publication,
        url=fetched.url,
        name=name,
        format=file_format,
        path=fetched.path,
        sha256=fetched.sha256,
        size=fetched.size,
        etag=fetched.validators.etag,
        last_modified=fetched.validators.last_modified,
    )
