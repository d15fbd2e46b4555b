"""What a month holds: its first rows, its picture, where its columns are from, and whether it is only a try-out."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from dagster import AssetKey, MetadataValue

from taxi_assets.metadata.chart.counts import TripCounts
from taxi_assets.metadata.chart.page import caption, picture
from taxi_assets.metadata.columns import new_columns
from taxi_assets.metadata.lineage import of_copy
from taxi_assets.metadata.previews import first_rows, preview
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.origin import PUBLISHER, publisher_of
from taxi_assets.transform.first_rows import FIRST_ROWS, describe, first_rows_of
from taxi_assets.transform.month_file import MonthFile


def copy_metadata(dataset: Dataset, upstream: str, clean: MonthFile) -> dict[str, Any]:
    """Of a copy of the clean month, made from the asset `upstream`."""
    return {
        PUBLISHER: publisher_of(clean.facts),
        **try_out_metadata(first_rows_of(clean.facts)),
        **preview_metadata(first_rows(clean)),
        **new_columns(dataset, clean.schema),
        **of_copy(AssetKey([dataset.name, upstream]), clean.schema.names),
    }


def preview_metadata(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The first rows, where they are at hand."""
    return {"preview": MetadataValue.md(preview(rows))} if rows else {}


def try_out_metadata(rows: int | None) -> dict[str, Any]:
    """That the month is a try-out of so many rows; nothing of a whole month."""
    return {} if rows is None else {"try_out": describe(rows), FIRST_ROWS: rows}


def picture_metadata(counts: TripCounts, title: str) -> dict[str, Any]:
    """The picture of a month. The UI shows SVG in Markdown; up to 20 kB of it go into the event log."""
    words = caption(counts)
    image = base64.b64encode(picture(counts, title).encode()).decode()
    return {"picture": MetadataValue.md(f"![{title}. {words}](data:image/svg+xml;base64,{image})\n\n{words}")}
