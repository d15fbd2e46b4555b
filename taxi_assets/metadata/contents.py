"""What a month holds: its first rows, its chart, where its columns come from, and whether it is only a try-out."""

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
from taxi_assets.metadata.recorded import LoadedTrips
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.origin import publisher_of
from taxi_assets.transform.first_rows import describe, first_rows_of
from taxi_assets.transform.month_file import MonthFile


def copy_metadata(dataset: Dataset, upstream: str, clean: MonthFile) -> dict[str, Any]:
    """What a copy of the clean month holds; `upstream` is the name of the asset it was made from."""
    return {
        **trips_metadata(LoadedTrips(publisher_of(clean.facts), first_rows=first_rows_of(clean.facts))),
        **preview_metadata(first_rows(clean)),
        **new_columns(dataset, clean.schema),
        **of_copy(AssetKey([dataset.name, upstream]), clean.schema.names),
    }


def preview_metadata(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The first rows as a table; empty if there are none to show."""
    return {"preview": MetadataValue.md(preview(rows))} if rows else {}


def trips_metadata(trips: LoadedTrips) -> dict[str, Any]:
    """Whose trips these are and, as far as known, how many; a try-out is marked as one, for people too."""
    try_out = {} if trips.first_rows is None else {"try_out": describe(trips.first_rows)}
    return {**trips.to_metadata(), **try_out}


def picture_metadata(counts: TripCounts, title: str) -> dict[str, Any]:
    """The chart of a month, as an SVG image in Markdown, which the UI shows; at most 20 kB of it in the event log."""
    words = caption(counts)
    image = base64.b64encode(picture(counts, title).encode()).decode()
    return {"picture": MetadataValue.md(f"![{title}. {words}](data:image/svg+xml;base64,{image})\n\n{words}")}
