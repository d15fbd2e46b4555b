"""A picture of a month: what is counted while its trips stream by, and how the counts are drawn as SVG.

Written by hand: a plotting library would cost each run 45 MB and half a second. Knows nothing of Dagster.
"""

from __future__ import annotations

from taxi_assets.picture.counts import TripCounts
from taxi_assets.picture.page import caption, picture

__all__ = ["TripCounts", "caption", "picture"]
