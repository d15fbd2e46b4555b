"""The publisher of trip files as a resource."""

from typing import cast

from dagster import ConfigurableResource

from taxi_assets.datasets import Dataset
from taxi_assets.layouts import FileFormat
from taxi_assets.months import Month
from taxi_assets.publishers import publisher
from taxi_assets.stores.lake import Lake, Publication


class TripPublisher(ConfigurableResource[None]):
    """`name` is tlc, datatalks, sample, or the base URL of a mirror; the rest is for the sample's made-up months."""

    name: str
    sample_rows: int = 50_000
    sample_format: str | None = None

    def fetch(self, dataset: Dataset, month: Month, lake: Lake) -> Publication:
        """The month as published; what the lake holds already when the publisher's file has not changed.

        Raises TaxiError.
        """
        source = publisher(
            self.name,
            sample_rows=self.sample_rows,
            sample_format=cast("FileFormat | None", self.sample_format),
        )
        return source.fetch(dataset, month, lake.staging(), lake.publication(dataset, month))
