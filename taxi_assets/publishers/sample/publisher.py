"""The publisher that makes up its months."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from taxi_assets.atomic_files import discard, sha256
from taxi_assets.model.datasets import Dataset, FileFormat
from taxi_assets.model.made_up import SAMPLE, SAMPLE_ROWS, sample_file
from taxi_assets.model.months import Month
from taxi_assets.model.publication import Publication
from taxi_assets.model.zones import ZoneLookup
from taxi_assets.publishers.download import Download
from taxi_assets.publishers.file_version import FileVersion
from taxi_assets.publishers.http import Validators
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.publishers.sites import ZONES_PATH
from taxi_assets.publishers.staging import publication_of, staged

LAST_CSV_MONTH: Final = Month(2021, 7)
"""The last month that TLC published as CSV."""


@dataclass(frozen=True)
class SamplePublisher:
    """Makes up months in TLC's layouts, without a network: the same bytes for the same month every time."""

    rows: int = SAMPLE_ROWS
    format: FileFormat | None = None
    name: str = SAMPLE

    def fetch(self, dataset: Dataset, month: Month, folder: Path, known: Publication | None) -> Publication:
        seen = self.probe(dataset, month)
        file_format = self._format_of(dataset, month)
        with staged(folder, f"{dataset.month_name(month)}.{file_format}") as target:
            write_sample(dataset, month, target, rows=self.rows, file_format=file_format)
            digest = sha256(target)
        if known is not None and (known.url, known.etag, known.sha256) == (seen.url, seen.identity, digest):
            discard(target)
            return known
        made = Download(target, seen.url, digest, target.stat().st_size, Validators(etag=seen.identity))
        return publication_of(
            self.name, self.name, sample_file(f"{dataset.month_name(month)}.{file_format}"), file_format, made
        )

    def probe(self, dataset: Dataset, month: Month, known: FileVersion | None = None) -> FileVersion:
        file_format = self._format_of(dataset, month)
        url = f"sample://{dataset.name}/{month}.{file_format}?rows={self.rows}"
        return FileVersion(url, f"{file_format}, {self.rows} rows")

    def zones(self, folder: Path) -> ZoneLookup:
        return replace(ZoneLookup.from_csv(zone_lookup(), f"sample://{ZONES_PATH}"), made_up=True)

    def _format_of(self, dataset: Dataset, month: Month) -> FileFormat:
        """The format asked for; else what most people load a month from: CSV as far as TLC's mirror has it."""
        if self.format:
            return self.format
        in_csv = dataset.eras("csv.gz") and month <= LAST_CSV_MONTH
        return "csv.gz" if in_csv else "parquet"
