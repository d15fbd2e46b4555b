"""Names of a month's objects in the bucket."""

from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month


def object_names(dataset: Dataset, month: Month) -> tuple[str, str]:
    """Where the clean month and its quarantine lie in the bucket.

    Hive-style, so that external tables and other engines find them.
    """
    place = f"{dataset.name}/trip_month={month.key}/{dataset.month_name(month)}.parquet"
    return f"trips/{place}", f"quarantine/{place}"
