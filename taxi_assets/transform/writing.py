"""The two Parquet files of a month, clean and quarantine, written while the month is cleaned."""

from pathlib import Path
from typing import Protocol

import pyarrow as pa

from taxi_assets.model.origin import PUBLISHER, SOURCE_FILE
from taxi_assets.transform.checksums import CHECKSUMS, ChecksumBuilder
from taxi_assets.transform.cleaning import CleanedMonth
from taxi_assets.transform.first_rows import facts_of
from taxi_assets.transform.month_file import MonthWriter


class Observer(Protocol):
    """Something that looks at the clean record batches of a month while they are written."""

    def add(self, batch: pa.RecordBatch) -> None:
        """Looks at the next batch."""
        ...


def write_both(month: CleanedMonth, clean_path: Path, quarantine_path: Path, *observers: Observer) -> None:
    """Writes a month as it is cleaned, its batches being read once: clean and quarantined rows, and facts of both."""
    sums = ChecksumBuilder(month.carried)
    with (
        MonthWriter(clean_path, month.schema) as clean,
        MonthWriter(quarantine_path, month.quarantine_schema) as quarantine,
    ):
        for good, bad in month:
            for observer in (sums, *observers):
                observer.add(good)
            clean.write(good)
            quarantine.write(bad)
        month.check()
        facts = {
            SOURCE_FILE: month.source_file,
            PUBLISHER: month.publisher,
            "profile": month.profile.value,
            "raw_rows": str(month.tally.raw),
            "duplicate_rows": str(month.tally.duplicates),
            "unknown_columns": ", ".join(month.stream.unknown),
            **facts_of(month.stream),
        }
        clean.finish({**facts, CHECKSUMS: sums.checksums().to_json()})
        quarantine.finish(facts)
