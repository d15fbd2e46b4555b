"""A folder laid out like TLC's site, in which tests publish months and replace them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.partitions import months_of
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.publishers.sites import TLC_SITE, ZONES_PATH


@dataclass(frozen=True)
class Folder:
    """A folder laid out like TLC's site, in which each dataset has the month that TLC is known to have."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> Folder:
        folder = cls(root)
        for dataset in DATASETS.values():
            path = folder.path(dataset.name, dataset.control_months[TLC_SITE.format])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"only asked for, never fetched")
        return folder

    def path(self, dataset: str, month: Month) -> Path:
        return self.root / "trip-data" / TLC_SITE.file_name(DATASETS[dataset], month)

    def publish(self, dataset: str, month: Month, rows: int) -> None:
        """Puts a month of so many made-up trips there in one step; another number makes another file."""
        path = self.path(dataset, month)
        beside = path.with_suffix(".new")
        write_sample(DATASETS[dataset], month, beside, rows=rows, file_format="parquet")
        beside.replace(path)

    def break_zones(self) -> Path:
        """Puts a file there that is no zone lookup: a run then loads a month, and fails where zones are needed."""
        path = self.root / ZONES_PATH
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"no zones at all")
        return path

    def touch(self, dataset: str, month: Month, when: datetime) -> None:
        """Gives the file another date, and so another version for whoever probes it; its content stays."""
        os.utime(self.path(dataset, month), (when.timestamp(), when.timestamp()))


def recent(dataset: str, back: int = 0) -> Month:
    """The newest month that can have been published, or the one `back` months before it."""
    return Month.parse(months_of(DATASETS[dataset]).get_partition_keys(datetime.now(UTC))[-1]) + -back
