"""The publisher of trip files and of the zone lookup, as a resource."""

from typing import cast

from dagster import ConfigurableResource
from pydantic import Field

from taxi_assets.atomic_files import temporary_folder
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.datasets import Dataset, FileFormat
from taxi_assets.model.made_up import SAMPLE, SAMPLE_ROWS, refuse_outside, refuse_replacing
from taxi_assets.model.months import Month
from taxi_assets.model.publication import Publication
from taxi_assets.model.zones import ZoneLookup
from taxi_assets.publishers.base import Publisher, publisher
from taxi_assets.publishers.file_version import FileVersion
from taxi_assets.publishers.http import QUICK, RetryPolicy


class TripPublisher(ConfigurableResource[None]):
    """A publisher: `name` is tlc, datatalks, sample, or the base URL of a mirror.

    `sample_rows` and `sample_format` (csv.gz or parquet) are for the made-up months of sample; `closed_to_sample` are
    the settings that name places where those may not go.
    """

    name: str
    sample_rows: int = SAMPLE_ROWS
    sample_format: str | None = None
    closed_to_sample: list[str] = Field(default=[])

    @property
    def title(self) -> str:
        """The name for people: a URL without its user and password."""
        scheme, _, place = self.name.partition("://")
        return f"{scheme}://{place.rpartition('@')[2]}" if place else self.name

    @property
    def kind(self) -> str:
        """The kind that is recorded with each month: tlc, datatalks, sample or mirror."""
        return self._publisher().name

    def fetch(
        self, dataset: Dataset, month: Month, lake: Lake, *, force: bool = False, allow_sample: bool = False
    ) -> Publication:
        """Downloads the month as published, or returns what the lake holds where the publisher's file has not changed.

        `force` downloads an unchanged file again. Raises TaxiError; before anything is downloaded, when a made-up month
        would go where only `allow_sample` lets it go.
        """
        if self.name == SAMPLE and not allow_sample:
            refuse_outside(self.closed_to_sample)
            others = lake.publishers(dataset, month) - {SAMPLE}
            refuse_replacing([f"publisher {name}" for name in sorted(others)], "the lake")
        known = None if force else lake.publication(dataset, month)
        return self._publisher().fetch(dataset, month, lake.staging(), known)

    def zones(self, *, allow_sample: bool = False) -> ZoneLookup:
        """The lookup of TLC's taxi zones, without names when a mirror does not have it.

        Raises TaxiError, also when made-up zones would go where only `allow_sample` lets them go.
        """
        if self.name == SAMPLE and not allow_sample:
            refuse_outside(self.closed_to_sample)
        with temporary_folder() as folder:
            return self._publisher().zones(folder)

    def probe(self, dataset: Dataset, month: Month) -> FileVersion | None:
        """The version of the month's file that the publisher has now; None when it has not been published.

        Gives up soon. Raises BlockedError when the publisher refuses us, TransientError when it does not answer, or
        another TaxiError.
        """
        return self.brief().probe(dataset, month)

    def brief(self) -> Publisher:
        """The publisher for one round of checks: it gives up soon, and finds out only once whether it is refused."""
        return self._publisher(QUICK)

    def _publisher(self, retry_policy: RetryPolicy | None = None) -> Publisher:
        return publisher(
            self.name,
            sample_rows=self.sample_rows,
            sample_format=cast("FileFormat | None", self.sample_format),
            retry_policy=retry_policy,
        )
