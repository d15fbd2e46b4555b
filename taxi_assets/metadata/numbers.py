"""Numbers of a month: its rows, its faults, and how fast it went."""

from __future__ import annotations

from typing import Any, Final

from dagster import MetadataValue

from taxi_assets.metadata.previews import counted
from taxi_assets.transform.cleaning import Tally
from taxi_assets.transform.flags import FLAGS
from taxi_assets.transform.rules import DUPLICATE, PROFILES

ROW_COUNT: Final = "dagster/partition_row_count"
"""Rows of the month. Not dagster/row_count: that is what a whole table has."""
_REASONS = {rule.name: rule.doc for rules in PROFILES.values() for rule in (*rules, DUPLICATE)}
_FLAGS = {rule.name: rule.doc for rule in FLAGS}


def tally_metadata(tally: Tally) -> dict[str, Any]:
    """Rows in and rows out: raw = clean + quarantined + duplicates.

    Each reason of quarantine is a number of its own, 0 too, so that it has a chart without gaps.
    """
    rejected = tally.raw - tally.clean
    return {
        "raw_rows": tally.raw,
        "quarantined_rows": tally.quarantined,
        "duplicate_rows": tally.duplicates,
        "quarantined_percent": round(100 * rejected / max(tally.raw, 1), 4),
        "quarantine_reasons": MetadataValue.md(counted("reason", tally.reasons, tally.raw, _REASONS)),
        "flagged_rows": MetadataValue.md(counted("flag", tally.flags, tally.clean, _FLAGS)),
        **{f"quarantined/{reason}": count for reason, count in tally.reasons.items()},
    }


def speed_metadata(rows: int, size: int, seconds: float) -> dict[str, Any]:
    """How long `rows` rows took that are `size` bytes as a file."""
    seconds = max(seconds, 0.001)
    return {
        "seconds": round(seconds, 3),
        "rows_per_second": round(rows / seconds),
        "mb_per_second": round(size / 1e6 / seconds, 3),
    }
