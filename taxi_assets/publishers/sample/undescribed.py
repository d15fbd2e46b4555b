"""Made-up values of columns that published files have and that nobody has described in the column table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taxi_assets.model.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from taxi_assets.publishers.sample.trips import Chunk


def _request_source(chunk: Chunk) -> NDArray[Any]:
    # Made up: TLC says nothing about the column of 2026-06.
    by_app = chunk.dice("request_source").chance(1000 if chunk.dispatched else 100)
    return np.where(by_app, b"app", b"street")


def _index(chunk: Chunk) -> NDArray[Any]:
    # What pandas left in yellow 2010-02 and 2010-03; its values are not known.
    return np.arange(chunk.file_first, chunk.file_first + chunk.rows, dtype=np.int64)


UNDESCRIBED: Final[dict[str, tuple[Kind, Callable[[Chunk], NDArray[Any]]]]] = {
    "request_source": (Kind.TEXT, _request_source),
    "__index_level_0__": (Kind.LONG, _index),
}
