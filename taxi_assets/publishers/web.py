"""Publishers on the web and mirrors of them, by URL or in a folder; and what it means when a month is missing there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar, cast

from taxi_assets.atomic_files import discard
from taxi_assets.errors import BlockedError, NotPublishedError, TaxiError
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.publication import Publication
from taxi_assets.model.zones import ZoneLookup
from taxi_assets.publishers.download import download
from taxi_assets.publishers.file_version import FileVersion, exists, probe
from taxi_assets.publishers.http import NotFoundError, RetryPolicy, Validators, without_credentials
from taxi_assets.publishers.sites import ZONES_PATH, Site
from taxi_assets.publishers.staging import publication_of, staged
from taxi_assets.publishers.verification import check_file

_T = TypeVar("_T")
MIRROR: Final = "mirror"
"""The name of every publisher that is given by its base URL. It may have only some of what TLC publishes."""
LONGEST_LAG: Final = timedelta(days=120)
"""TLC has published months 47 to 105 days after their end. A month still missing after this long is not just late."""


@dataclass(frozen=True)
class WebPublisher:
    """The files below a base URL (http, https or file), in the layout of the first of `sites` that has the month."""

    name: str
    base_url: str
    sites: tuple[Site, ...]
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)

    _controls: dict[str, bool | TaxiError] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Whether a control month exists, or why that is not known, by dataset: asked once, however many months are
    missing.
    """

    def fetch(self, dataset: Dataset, month: Month, folder: Path, known: Publication | None) -> Publication:
        """Downloads and verifies the month's file; see `Publisher.fetch`."""
        return self._first_found(dataset, month, lambda site: self._fetch(site, dataset, month, folder, known))

    def probe(self, dataset: Dataset, month: Month, known: FileVersion | None = None) -> FileVersion | None:
        """Asks for the version of the month's file; see `Publisher.probe`."""
        try:
            return self._first_found(
                dataset, month, lambda site: probe(site.url(self.base_url, dataset, month), known, self.retry_policy)
            )
        except NotPublishedError:
            return None

    def _first_found(self, dataset: Dataset, month: Month, request: Callable[[Site], _T]) -> _T:
        """What `request` returns for the first site layout under which the month is found."""
        missing: list[NotFoundError] = []
        for site in self.sites:
            try:
                return request(site)
            except NotFoundError as error:
                missing.append(error)
        raise self._missing_month(missing, dataset, month)

    def _fetch(
        self, site: Site, dataset: Dataset, month: Month, folder: Path, known: Publication | None
    ) -> Publication:
        url = site.url(self.base_url, dataset, month)
        same_place = known is not None and known.url == without_credentials(url)
        validators = Validators(known.etag, known.last_modified) if known and same_place else None
        with staged(folder, site.file_name(dataset, month)) as target:
            fetched = download(url, target, validators, self.retry_policy)
            if fetched is None:
                discard(target)
                return cast("Publication", known)
            check_file(target, site.format)
        return publication_of(self.name, site.name, site.file_name(dataset, month), site.format, fetched)

    def zones(self, folder: Path) -> ZoneLookup:
        """Downloads the zone lookup; see `Publisher.zones`."""
        url = f"{self.base_url.rstrip('/')}/{ZONES_PATH}"
        target = folder / "zones.csv"
        try:
            download(url, target, retry_policy=self.retry_policy)
            return ZoneLookup.from_csv(target.read_bytes(), without_credentials(url))
        except NotFoundError as error:
            if self.name == MIRROR:
                return ZoneLookup.without_names()
            raise NotPublishedError(
                f"Publisher {self.name} has no zone lookup ({error.url}: {error.status}).",
                "If the publisher has moved it, change ZONES_PATH in taxi_assets/publishers/sites.py.",
            ) from error
        finally:
            target.unlink(missing_ok=True)

    def _missing_month(self, missing: list[NotFoundError], dataset: Dataset, month: Month) -> TaxiError:
        """The error that tells a month not published from requests that are refused.

        TLC's CDN answers 403 in both cases, so a month that is known to exist decides.
        """
        answers = "; ".join(f"{error.url}: {error.status}" for error in missing)
        forbidden = any(error.status == 403 for error in missing)
        controls = [control for _, control in self._controls_of(dataset)]
        if forbidden and not self._control_exists(dataset):
            return BlockedError(
                f"Publisher {self.name} refuses us ({answers}): it does not serve {' or '.join(map(str, controls))} "
                "either, which it should have.",
                "Open the URL in a browser on this machine: a proxy or a firewall may be in between. A mirror of your "
                "own should answer 404, not 403, for a file that it does not have.",
            )
        if datetime.now(UTC).date() - month.end.date() < LONGEST_LAG:
            return NotPublishedError(
                f"Publisher {self.name} has not published {dataset.name} {month} yet ({answers}).",
                "TLC publishes a month about two months after its end. Try again later.",
            )
        return NotPublishedError(
            f"Publisher {self.name} has no {dataset.name} {month} ({answers}).",
            "Choose a publisher that covers this month: TLC has every month (TAXI_PUBLISHER=tlc); the CSV mirror "
            "datatalks ends with 2021-07.",
        )

    def _control_exists(self, dataset: Dataset) -> bool:
        """Whether a control month is there. Raises the TaxiError that kept us from finding out."""
        if dataset.name not in self._controls:
            self._controls[dataset.name] = self._probe_controls(dataset)
        found = self._controls[dataset.name]
        if isinstance(found, TaxiError):
            raise found
        return found

    def _probe_controls(self, dataset: Dataset) -> bool | TaxiError:
        urls = [site.url(self.base_url, dataset, month) for site, month in self._controls_of(dataset)]
        try:
            return not urls or any(exists(url, self.retry_policy) for url in urls)
        except TaxiError as error:
            return error

    def _controls_of(self, dataset: Dataset) -> list[tuple[Site, Month]]:
        """The sites with a month that each should have in its format."""
        controls = dataset.control_months
        return [(site, controls[site.format]) for site in self.sites if site.format in controls]
