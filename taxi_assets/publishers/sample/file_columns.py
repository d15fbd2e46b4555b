"""The columns of a published file that the sample publisher writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from taxi_assets.publishers.sample.csv_text import Form

LINE_END: Final = b"\r\n"


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of a published file: its name and Arrow type there, the values it shows, and how those are held."""

    name: str
    kind: str
    key: str
    form: Form
