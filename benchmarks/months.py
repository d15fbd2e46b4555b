"""The months that are loaded: made by the sample publisher, laid out like a mirror that the project can fetch from."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MadeMonth:
    """A published file of `rows` made-up trips in a mirror of its own; `title` tells it from the others."""

    dataset: str
    month: str
    rows: int
    mirror: Path
    path: Path

    @property
    def publisher(self) -> str:
        """The value of TAXI_PUBLISHER that loads this month."""
        return self.mirror.as_uri()

    @property
    def title(self) -> str:
        return f"{self.dataset} {self.month}, {self.rows:,} rows"


@dataclass(frozen=True)
class Months:
    """The month that all contestants load, one with next to no data, and larger ones to measure memory; None for one
    that is left out.
    """

    usual: MadeMonth
    small: MadeMonth
    grown: MadeMonth | None
    high_volume: MadeMonth | None

    @classmethod
    def make(cls, folder: Path, usual: int, small: int, grown: int, high_volume: int) -> Months:
        """Makes months of so many rows; 0 makes none."""
        return cls(
            _make_yellow(folder, usual),
            _make_yellow(folder, small),
            _make_yellow(folder, grown) if grown else None,
            _make_high_volume(folder, high_volume) if high_volume else None,
        )


def _make_yellow(folder: Path, rows: int) -> MadeMonth:
    """A month shaped like yellow 2021-01, the tutorial's: csv.gz in the layout of the tutorial's mirror."""
    return _make("yellow", "2021-01", rows, folder / f"yellow-{rows}", "yellow", "csv.gz")


def _make_high_volume(folder: Path, rows: int) -> MadeMonth:
    """A month shaped like fhvhv 2024-01, TLC's largest dataset: Parquet in TLC's layout."""
    return _make("fhvhv", "2024-01", rows, folder / f"fhvhv-{rows}", "trip-data", "parquet")


def _make(dataset: str, month: str, rows: int, mirror: Path, below: str, file_format: str) -> MadeMonth:
    path = mirror / below / f"{dataset}_tripdata_{month}.{file_format}"
    made = MadeMonth(dataset, month, rows, mirror, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    sample = [sys.executable, "-m", "taxi_assets.cli", "sample", dataset, month]
    sample += ["--rows", str(rows), "--format", file_format, "--to", str(path)]
    subprocess.run(sample, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 our own command
    return made
