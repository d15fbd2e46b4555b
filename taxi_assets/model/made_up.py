"""Made-up trips, those of publisher `sample`: how they are recognized, and where they must not go.

They are the default, so that a newcomer needs no network. One forgotten variable must not put them among real trips.
Knows nothing of Dagster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from taxi_assets.errors import TaxiError

SAMPLE: Final = "sample"
"""The publisher that makes its months itself."""
SAMPLE_ROWS: Final = 50_000
"""Trips of a made-up month, unless another number is asked for."""
ALLOW: Final = "allow_sample"
"""The run config of raw_trips that lets the made-up trips of its run go anywhere."""
ANYWHERE: Final = "TAXI_SAMPLE_ANYWHERE"
"""The setting that lets made-up trips go to servers, buckets and datasets of your own; they still replace no others."""
_FOLDER: Final = f"{SAMPLE}/"
_REAL: Final = "For real trips set TAXI_PUBLISHER to tlc, datatalks, or the URL of a mirror."


def sample_file(name: str) -> str:
    """The name of a made-up file, which the rows have in `source_file` too."""
    return f"{_FOLDER}{name}"


def is_made_up(source_file: str) -> bool:
    """Whether a row or a month is made up, judging by the name of its published file."""
    return source_file.startswith(_FOLDER)


def zone_name(number: int) -> str:
    """The made-up name of a zone; none of TLC's names looks like it."""
    return f"Sample zone {number}"


def is_allowed(run_config: Mapping[str, Any]) -> bool:
    """Whether the config of a run lets made-up trips go anywhere, for any of its raw_trips."""
    assets = (run_config.get("ops") or {}).items()
    return any(name.endswith("__raw_trips") and (each.get("config") or {}).get(ALLOW) is True for name, each in assets)


def refuse_outside(settings: Iterable[str]) -> None:
    """Raises TaxiError if there are any: `settings` name places of your own that are closed to made-up trips."""
    if named := " and ".join(settings):
        raise TaxiError(
            f"The trips of publisher {SAMPLE} are made up, and {named} names a place of your own: nothing was written "
            "there.",
            f"{_REAL} If made-up trips may go there, set {ANYWHERE}=true, or {_in_run_config()}.",
        )


def refuse_replacing(others: Iterable[str], where: str) -> None:
    """Raises TaxiError if there are any: `others` are the publishers, not `sample`, of the month that is in `where`."""
    if named := " and ".join(others):
        raise TaxiError(
            f"The month in {where} is from {named}; made-up trips (publisher {SAMPLE}) do not replace it.",
            f"{_REAL} To replace it all the same, {_in_run_config()}.",
        )


def _in_run_config() -> str:
    return f"run the month with {ALLOW}: true in the run config of raw_trips"
