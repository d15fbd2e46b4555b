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
import pytest
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
from taxi_assets_tests.servers.bigquery import BigQueryServer
from taxi_assets_tests.servers.gcs import GcsServer
from taxi_assets_tests.servers.google_login import GoogleLogin
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
        found = {name: read(month) for name, read in self.places.at_rest.items()}
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
    places = LocalPlaces(folder / "home", postgres_url, f"chaos_{secrets.token_hex(6)}", GREEN_TAXI)
    with _serving(folder, places, {}, checks=checks) as site:
        yield site


@contextmanager
def google_site(folder: Path, postgres_url: str) -> Iterator[Site]:
    """A site with the local servers of Cloud Storage and BigQuery, which it starts; its runs make no checks."""
    from taxi_assets_tests.chaos.google_places import GooglePlaces  # noqa: PLC0415 a second for Google's clients

    with (
        GcsServer(folder / "gcs") as gcs,
        BigQueryServer(folder / "bigquery", gcs.url) as bigquery,
        GoogleLogin(folder / "login") as login,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(login.key_file))
        environment.setenv("STORAGE_EMULATOR_HOST", gcs.url)
        environment.setenv("BIGQUERY_EMULATOR_HOST", bigquery.url)
        environment.setenv("NO_PROXY", "127.0.0.1,localhost")
        name = f"chaos_{secrets.token_hex(6)}"
        places = GooglePlaces(folder / "home", postgres_url, name, GREEN_TAXI, login.project, name, name)
        places.storage.create_bucket(name)
        settings = {"GCP_PROJECT": login.project, "TAXI_GCS_BUCKET": name, "TAXI_BQ_DATASET": name}
        with _serving(folder, places, settings, checks=False) as site:
            yield site


@contextmanager
def _serving(folder: Path, places: LocalPlaces, settings: Mapping[str, str], *, checks: bool) -> Iterator[Site]:
    """A publisher for the places, and a worker with their settings."""
    published, temporary = folder / "published", folder / "tmp"
    for each in (published, temporary):
        each.mkdir(parents=True)
    zones = published / ZONES_PATH
    zones.parent.mkdir()
    zones.write_bytes(zone_lookup())
    ours = ("TAXI_", "GCP_", "DAGSTER_")
    with PublisherServer(published, missing_status=404) as publisher:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
            "TAXI_HOME": str(places.home),
            "TAXI_PUBLISHER": publisher.url,
            POSTGRES_URL: places.url,
            "TAXI_POSTGRES_SCHEMA": places.schema,
            "TMPDIR": str(temporary),
            "NO_PROXY": "127.0.0.1,localhost",
            **settings,
        }
        try:
            with Worker(places.dataset.name, environment, folder / "history", folder / "worker.log") as worker:
                yield Site(places, worker, folder, published, places.dataset, checks=checks)
        finally:
            with psycopg.connect(places.url, autocommit=True) as connection:
                connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(places.schema)))
