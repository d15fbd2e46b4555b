"""Publishers on the web, and mirrors of them in a folder; and what it means when a month is not there."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar, cast

from taxi_assets.errors import BlockedError, NotPublishedError, TaxiError
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.model.publication import Publication
from taxi_assets.model.zones import ZoneLookup
from taxi_assets.publishers.download import download
from taxi_assets.publishers.file_version import FileVersion, exists, probe
from taxi_assets.publishers.http import NotFoundError, RetryPolicy, Validators
from taxi_assets.publishers.sites import ZONES_PATH, Site
from taxi_assets.publishers.staging import publication_of, removed_on_failure
from taxi_assets.publishers.verification import check_file

_T = TypeVar("_T")
MIRROR = "mirror"
"""The name of a publisher given by its base URL; it may have a part of what TLC publishes."""
LONGEST_LAG = timedelta(days=120)
"""TLC has published months 47 to 105 days after their end; one still absent after this long is not merely late."""


@dataclass(frozen=True)
class WebPublisher:
    """Files at a base URL (http, https, file) in one of the layouts of `sites`, the first that has the month."""

    name: str
    base: str
    sites: tuple[Site, ...]
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)

    _controls: dict[str, bool | TaxiError] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What became of asking for the control months, by dataset: asked once, however many months are absent."""

    def fetch(self, dataset: Dataset, month: Month, folder: Path, known: Publication | None) -> Publication:
        return self._at_first_site(dataset, month, lambda site: self._fetch(site, dataset, month, folder, known))

    def probe(self, dataset: Dataset, month: Month, known: FileVersion | None = None) -> FileVersion | None:
        try:
            return self._at_first_site(
                dataset, month, lambda site: probe(site.url(self.base, dataset, month), known, self.retry_policy)
            )
        except NotPublishedError:
            return None

    def _at_first_site(self, dataset: Dataset, month: Month, ask: Callable[[Site], _T]) -> _T:
        absences: list[NotFoundError] = []
        for site in self.sites:
            try:
                return ask(site)
            except NotFoundError as error:
                absences.append(error)
        raise self._explained(absences, dataset, month)

    def _fetch(
        self, site: Site, dataset: Dataset, month: Month, folder: Path, known: Publication | None
    ) -> Publication:
        url = site.url(self.base, dataset, month)
        same_place = known is not None and known.url == url
        validators = Validators(known.etag, known.last_modified) if known and same_place else None
        target = folder / f"{secrets.token_hex(6)}-{site.file_name(dataset, month)}"
        with removed_on_failure(target):
            fetched = download(url, target, validators, self.retry_policy)
            if fetched is None:
                return cast("Publication", known)
            check_file(target, site.format)
        return publication_of(self.name, site.name, site.file_name(dataset, month), site.format, fetched)

    def zones(self, folder: Path) -> ZoneLookup:
        url = f"{self.base.rstrip('/')}/{ZONES_PATH}"
        target = folder / f"{secrets.token_hex(6)}-zones.csv"
        try:
            download(url, target, retry_policy=self.retry_policy)
            return ZoneLookup.from_csv(target.read_bytes(), url)
        except NotFoundError as error:
            if self.name == MIRROR:
                return ZoneLookup.without_names()
            raise NotPublishedError(
                f"Publisher {self.name} has no zone lookup ({url}: {error.status}).", "Has it moved?"
            ) from error
        finally:
            target.unlink(missing_ok=True)

    def _explained(self, absences: list[NotFoundError], dataset: Dataset, month: Month) -> TaxiError:
        """Not published, or are we refused? A month known to exist tells (TLC's CDN answers 403 in both cases)."""
        answers = "; ".join(f"{error.url}: {error.status}" for error in absences)
        forbidden = any(error.status == 403 for error in absences)
        if forbidden and not self._has_control(dataset):
            return BlockedError(
                f"Publisher {self.name} refuses us: {answers}, and {dataset.control_months[self.sites[0].format]} too.",
                "TLC and the CSV mirror have that month; a mirror of yours may answer 403 for what it lacks. Look at "
                "the URL in a browser from this machine; a proxy or a firewall may be in between.",
            )
        if datetime.now(UTC).date() - month.end.date() < LONGEST_LAG:
            return NotPublishedError(
                f"Publisher {self.name} has not published {dataset.name} {month} yet ({answers}).",
                "TLC publishes a month about two months after its end: try again later.",
            )
        return NotPublishedError(
            f"Publisher {self.name} has no {dataset.name} {month} ({answers}).",
            "Does it cover that month? TLC has them all (TAXI_PUBLISHER=tlc); the CSV mirror ends with 2021-07.",
        )

    def _has_control(self, dataset: Dataset) -> bool:
        if dataset.name not in self._controls:
            self._controls[dataset.name] = self._ask_for_control(dataset)
        found = self._controls[dataset.name]
        if isinstance(found, TaxiError):
            raise found
        return found

    def _ask_for_control(self, dataset: Dataset) -> bool | TaxiError:
        controls = [(site, dataset.control_months.get(site.format)) for site in self.sites]
        urls = [site.url(self.base, dataset, month) for site, month in controls if month]
        try:
            return not urls or any(exists(url, self.retry_policy) for url in urls)
        except TaxiError as error:
            return error
