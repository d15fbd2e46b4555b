"""Where a month is from: its published file and publisher, by the facts in the month's own Parquet file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from taxi_assets.model.made_up import SAMPLE, is_made_up

SOURCE_FILE: Final = "source_file"
PUBLISHER: Final = "publisher"
"""The facts; the second is also the key of the assets' metadata."""


def source_of(facts: Mapping[str, str]) -> str:
    """The published file that a month is from; others have written a file without facts."""
    return facts.get(SOURCE_FILE, "an unknown file")


def publisher_of(facts: Mapping[str, str]) -> str:
    """Who published a month; empty where its file is older than this fact."""
    return facts.get(PUBLISHER) or (SAMPLE if is_made_up(source_of(facts)) else "")


def origin(facts: Mapping[str, str]) -> str:
    """Whose file a month is from, for people."""
    publisher = publisher_of(facts)
    return f"{source_of(facts)} of {f'publisher {publisher}' if publisher else 'an unknown publisher'}"
