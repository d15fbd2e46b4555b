"""Where each file of a month lies in the lake folder, and the published files in it.

raw/{dataset}/trip_month=2021-01-01/{sha256}-{published name}
raw/{dataset}/trip_month=2021-01-01/publication.json: which of them is the month's, and where it came from
clean/{dataset}/trip_month=2021-01-01/{dataset}_tripdata_2021-01.parquet
quarantine/{dataset}/trip_month=2021-01-01/{dataset}_tripdata_2021-01.parquet
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from filelock import FileLock

from taxi_assets.atomic_files import release, remove_stale, replacing
from taxi_assets.model.datasets import Dataset, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.model.origin import publisher_of
from taxi_assets.model.publication import Publication
from taxi_assets.transform.month_file import MonthFile

_PUBLICATION = "publication.json"
_WAIT_SECONDS = 600
_NOT_AS_KEPT = (OSError, ValueError, TypeError, KeyError, RecursionError)
"""What reading a publication.json raises that is missing, or not as `keep` writes it."""


@dataclass(frozen=True)
class Lake:
    """The folder of raw, clean and quarantined months."""

    folder: Path

    def month_folder(self, stage: str, dataset: Dataset, month: Month) -> Path:
        """The folder of a month's files; `stage` is raw, clean or quarantine."""
        return self.folder / stage / dataset.name / f"trip_month={month.key}"

    def clean_file(self, dataset: Dataset, month: Month) -> Path:
        return self.month_folder("clean", dataset, month) / f"{dataset.month_name(month)}.parquet"

    def quarantine_file(self, dataset: Dataset, month: Month) -> Path:
        return self.month_folder("quarantine", dataset, month) / f"{dataset.month_name(month)}.parquet"

    def publication(self, dataset: Dataset, month: Month) -> Publication | None:
        """The month's published file in the lake; None when it is not there, or not the whole of it."""
        folder = self.month_folder("raw", dataset, month)
        try:
            facts = json.loads((folder / _PUBLICATION).read_text())
            publication = Publication(**{**facts, "path": folder / Path(facts["path"]).name})
            whole = publication.path.is_file() and publication.path.stat().st_size == publication.size
        except _NOT_AS_KEPT:
            return None
        return publication if whole and publication.format in get_args(FileFormat) else None

    def publishers(self, dataset: Dataset, month: Month) -> set[str]:
        """The publishers of the month's published and clean files; two while a month is being replaced."""
        found = {_publisher_in(self.month_folder("raw", dataset, month) / _PUBLICATION)}
        clean = self.clean_file(dataset, month)
        if clean.exists():
            found.add(publisher_of(MonthFile.local(clean).facts))
        return found - {""}

    def months_by_publisher(self) -> Counter[str]:
        """The number of published months in the lake, by publisher."""
        found = map(_publisher_in, self.folder.glob(f"raw/*/*/{_PUBLICATION}"))
        return Counter(publisher for publisher in found if publisher)

    def keep(self, publication: Publication, dataset: Dataset, month: Month) -> Publication:
        """Moves a downloaded file into the lake as the month's; the file that it replaces is removed last.

        A file's name begins with its hash, so the rename of publication.json alone decides which file is the month's.
        """
        folder = self.month_folder("raw", dataset, month)
        folder.mkdir(parents=True, exist_ok=True)
        # Without it a process that was stopped here would remove the file of one that has come after it.
        with FileLock(folder.with_name(f".{folder.name}.lock"), timeout=_WAIT_SECONDS):
            return self._keep(publication, folder)

    def _keep(self, publication: Publication, folder: Path) -> Publication:
        kept = folder / f"{publication.sha256[:12]}-{Path(publication.name).name}"
        if publication.path != kept:
            with replacing(kept) as temporary:
                publication.path.replace(temporary)
            release(publication.path)
        facts = {**asdict(publication), "path": kept.name}
        with replacing(folder / _PUBLICATION) as temporary:
            temporary.write_text(json.dumps(facts, indent=2) + "\n")
        for other in folder.glob("[!.]*-*"):
            if other != kept:
                other.unlink(missing_ok=True)
        return Publication(**{**facts, "path": kept})

    def staging(self) -> Path:
        """A folder on the lake's file system for downloads in progress; removes those of dead processes."""
        folder = self.folder / "staging"
        folder.mkdir(parents=True, exist_ok=True)
        remove_stale(folder.iterdir())
        return folder


def _publisher_in(path: Path) -> str:
    """The publisher in a publication.json; empty when there is no such file, or not as `keep` writes it."""
    try:
        return str(json.loads(path.read_text())["publisher"])
    except _NOT_AS_KEPT:
        return ""
