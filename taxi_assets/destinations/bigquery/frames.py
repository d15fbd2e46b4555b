"""Rows of BigQuery as a DataFrame, by way of Arrow: Google's client says that its own `to_dataframe` is deprecated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd
    from google.cloud.bigquery.table import RowIterator


def frame_of(rows: RowIterator) -> pd.DataFrame:
    """All rows, read over REST (the faster API needs another package). Whole numbers stay whole where some are null."""
    import pandas as pd

    types = {pa.int64(): pd.Int64Dtype()}
    frame: pd.DataFrame = rows.to_arrow(create_bqstorage_client=False).to_pandas(types_mapper=types.get)
    return frame
