"""Where a month is from: its published file and its publisher, as the facts of its Parquet file tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from taxi_assets.model.made_up import SAMPLE, is_made_up

SOURCE_FILE: Final = "source_file"
PUBLISHER: Final = "publisher"
"""The fact with the publisher; also the key in the metadata of the assets."""


def source_of(facts: Mapping[str, str]) -> str:
    """The published file that a month is from, where its facts tell."""
    return facts.get(SOURCE_FILE, "an unknown file")


def publisher_of(facts: Mapping[str, str]) -> str:
    """The publisher of a month; empty where the facts do not tell."""
    return facts.get(PUBLISHER) or (SAMPLE if is_made_up(source_of(facts)) else "")


def origin(facts: Mapping[str, str]) -> str:
    """The published file and the publisher of a month, in words."""
    publisher = publisher_of(facts)
    return f"{source_of(facts)} of {f'publisher {publisher}' if publisher else 'an unknown publisher'}"
