"""What people see of a materialization and of an asset: the metadata, under Dagster's own keys where it has some.

Numbers are plain, so that the UI charts them over the months.
"""

from __future__ import annotations

from taxi_assets.metadata.columns import column_metadata, new_columns, published_columns
from taxi_assets.metadata.contents import copy_metadata, picture_metadata, preview_metadata, try_out_metadata
from taxi_assets.metadata.numbers import ROW_COUNT, speed_metadata, tally_metadata
from taxi_assets.metadata.places import file_metadata, table_metadata
from taxi_assets.metadata.publication import PublishedFile, download_metadata, publication_metadata, published_file
from taxi_assets.metadata.zones import zones_metadata

__all__ = [
    "ROW_COUNT",
    "PublishedFile",
    "column_metadata",
    "copy_metadata",
    "download_metadata",
    "file_metadata",
    "new_columns",
    "picture_metadata",
    "preview_metadata",
    "publication_metadata",
    "published_columns",
    "published_file",
    "speed_metadata",
    "table_metadata",
    "tally_metadata",
    "try_out_metadata",
    "zones_metadata",
]
