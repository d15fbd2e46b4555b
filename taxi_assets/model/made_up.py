"""Made-up trips, those of publisher `sample`: how they are told from published ones, and what refuses to mix them.

They are the default, so that a newcomer needs no network; one forgotten variable must not put them where real trips
lie. Knows nothing of Dagster.
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
"""The run config of raw_trips that lets made-up trips go anywhere, in its run."""
ANYWHERE: Final = "TAXI_SAMPLE_ANYWHERE"
"""The setting that lets them go to servers, buckets and datasets of one's own. It never lets them replace others."""
_FOLDER: Final = f"{SAMPLE}/"
_REAL: Final = "For real trips set TAXI_PUBLISHER to tlc, datatalks, or the URL of a mirror."


def sample_file(name: str) -> str:
    """What a made-up file is called, in `source_file` of its rows too."""
    return f"{_FOLDER}{name}"


def is_made_up(source_file: str) -> bool:
    """Whether a row or a month is made up, by the name of the file that it is from."""
    return source_file.startswith(_FOLDER)


def zone_name(number: int) -> str:
    """The made-up name of a zone; none of TLC's has such a name."""
    return f"Sample zone {number}"


def is_allowed(run_config: Mapping[str, Any]) -> bool:
    """Whether the run config of a raw_trips allows made-up trips anywhere."""
    assets = (run_config.get("ops") or {}).items()
    return any(name.endswith("__raw_trips") and (each.get("config") or {}).get(ALLOW) is True for name, each in assets)


def refuse_outside(settings: Iterable[str]) -> None:
    """Raises TaxiError if there are settings that name places of one's own where made-up trips are not to go."""
    if named := " and ".join(settings):
        raise TaxiError(
            f"The trips of publisher {SAMPLE} are made up, and {named} names a place of your own: nothing was written "
            "there.",
            f"{_REAL} Where made-up trips may go, set {ANYWHERE}=true, or {_in_run_config()}.",
        )


def refuse_replacing(others: Iterable[str], where: str) -> None:
    """Raises TaxiError if the month that lies there is from others than publisher `sample`; they are for people."""
    if named := " and ".join(others):
        raise TaxiError(
            f"The month in {where} is from {named}; made-up trips (publisher {SAMPLE}) do not replace it.",
            f"{_REAL} If they shall replace it, {_in_run_config()}.",
        )


def _in_run_config() -> str:
    return f"run the month with {ALLOW}: true in the run config of raw_trips"
