"""A publisher, the places of one run's settings, and the worker whose runs load months from the one into the others."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from taxi_assets.model.datasets import GREEN_TAXI, Dataset
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.publishers.sites import DATATALKS_SITE, ZONES_PATH
from taxi_assets.settings import POSTGRES_URL
from taxi_assets.transform.checksums import CHECKSUMS, Checksums
from taxi_assets.transform.month_file import MonthFile
from taxi_assets_tests.chaos.fleet import Run, Worker
from taxi_assets_tests.chaos.places import Found, LocalPlaces
from taxi_assets_tests.chaos.worker import Report
from taxi_assets_tests.servers.publisher import PublisherServer

VERSIONS = {"A": 2_000, "B": 2_300}
"""The two contents of a published month, by their rows."""


@dataclass(frozen=True)
class Version:
    """What one content of the month is when it is whole everywhere: as read in each place, and all that lies there."""

    found: Mapping[str, Found]
    everything: frozenset[str]
    rows: int


@dataclass
class Site:
    """All of one dataset's months, of which the publisher has two versions each.

    `durations`: how long a run stays in each stage, by stage and how many times it has entered it. `checks`: whether
    runs make the asset checks too.
    """

    places: LocalPlaces
    worker: Worker
    folder: Path
    published: Path
    dataset: Dataset
    versions: dict[tuple[Month, str], Version] = field(default_factory=dict)
    durations: dict[tuple[str, int], float] = field(default_factory=dict)
    checks: bool = True

    def publish(self, month: Month, version: str) -> None:
        """Replaces the published month in one step."""
        made = self.folder / "versions" / f"{month}-{version}.csv.gz"
        if not made.exists():
            made.parent.mkdir(exist_ok=True)
            write_sample(self.dataset, month, made, rows=VERSIONS[version], file_format="csv.gz")
        target = self.published / DATATALKS_SITE.url("", self.dataset, month).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, target.with_suffix(".new"))
        target.with_suffix(".new").replace(target)

    def start(self, month: Month, **what: int | float | str) -> Run:
        """Starts to load the month as it is published now; `what` are more fields of the `Request`."""
        return self.worker.start(month, checks=self.checks, **what)

    def run(self, month: Month) -> Report:
        """Loads the month as it is published now, to the end."""
        return self.start(month).ended()

    def learn(self, *months: Month) -> None:
        """Loads each version undisturbed, and remembers what that leaves; A is the one that stays."""
        for version in reversed(VERSIONS):
            for month in months:
                self.publish(month, version)
                report = self.run(month)
                if not report.success:
                    raise RuntimeError(f"an undisturbed run failed: {report.failures}")
                self.durations = durations(report)
            for month in months:
                self.versions[month, version] = self._version(month)

    def _version(self, month: Month) -> Version:
        clean = MonthFile.local(self.places.lake.clean_file(self.dataset, month))
        if differences := self.differences(month):
            raise RuntimeError(f"an undisturbed run left other rows in {differences}")
        found = {name: read(month) for name, read in self.places.readers.items()}
        return Version(found, self.places.everything(month), clean.rows)

    def differences(self, month: Month) -> list[str]:
        """The columns whose checksums differ between the clean month and a table."""
        clean = Checksums.from_json(MonthFile.local(self.places.lake.clean_file(self.dataset, month)).facts[CHECKSUMS])
        return [column for table in self.places.tables() for column in table.checksums(month).differences(clean)]

    def temporary(self) -> list[str]:
        """What lies in the folder for temporary files of the runs."""
        return sorted(path.name for path in (self.folder / "tmp").iterdir())


def durations(report: Report) -> dict[tuple[str, int], float]:
    """How long a run stayed in each stage, by stage and how many times it had entered it."""
    found: dict[tuple[str, int], float] = {}
    counts: dict[str, int] = {}
    ends = [entered for _, entered in report.timeline[1:]] + [report.seconds]
    for (stage, entered), end in zip(report.timeline, ends, strict=True):
        counts[stage] = counts.get(stage, 0) + 1
        found[stage, counts[stage]] = end - entered
    return found


@contextmanager
def local_site(folder: Path, postgres_url: str, *, checks: bool = True) -> Iterator[Site]:
    """A site with everything on this machine, in a schema of its own, which is dropped at the end."""
    dataset = GREEN_TAXI
    schema = f"chaos_{secrets.token_hex(6)}"
    published, temporary = folder / "published", folder / "tmp"
    for each in (published, temporary):
        each.mkdir(parents=True)
    zones = published / ZONES_PATH
    zones.parent.mkdir()
    zones.write_bytes(zone_lookup())
    places = LocalPlaces(folder / "home", postgres_url, schema, dataset)
    with PublisherServer(published, missing_status=404) as publisher:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("TAXI_", "GCP_", "DAGSTER_"))},
            "TAXI_HOME": str(places.home),
            "TAXI_PUBLISHER": publisher.url,
            POSTGRES_URL: postgres_url,
            "TAXI_POSTGRES_SCHEMA": schema,
            "TMPDIR": str(temporary),
            "NO_PROXY": "127.0.0.1",
        }
        try:
            with Worker(dataset.name, environment, folder / "history", folder / "worker.log") as worker:
                yield Site(places, worker, folder, published, dataset, checks=checks)
        finally:
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
