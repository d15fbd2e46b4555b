"""The publisher of trip files and of the zone lookup as a resource."""

from typing import cast

from dagster import ConfigurableResource

from taxi_assets.datasets import Dataset
from taxi_assets.layouts import FileFormat
from taxi_assets.months import Month
from taxi_assets.publishers import Publisher, publisher
from taxi_assets.stores.lake import Lake, Publication
from taxi_assets.zones import ZoneLookup


class TripPublisher(ConfigurableResource[None]):
    """`name` is tlc, datatalks, sample, or the base URL of a mirror; the rest is for the sample's made-up months."""

    name: str
    sample_rows: int = 50_000
    sample_format: str | None = None

    def fetch(self, dataset: Dataset, month: Month, lake: Lake) -> Publication:
        """The month as published; what the lake holds already when the publisher's file has not changed.

        Raises TaxiError.
        """
        return self._publisher().fetch(dataset, month, lake.staging(), lake.publication(dataset, month))

    def zones(self, lake: Lake) -> ZoneLookup:
        """The lookup of TLC's taxi zones; without names when a mirror does not have it.

        Raises TaxiError.
        """
        return self._publisher().zones(lake.staging())

    def _publisher(self) -> Publisher:
        return publisher(
            self.name,
            sample_rows=self.sample_rows,
            sample_format=cast("FileFormat | None", self.sample_format),
        )
