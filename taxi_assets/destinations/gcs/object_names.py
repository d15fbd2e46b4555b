"""Names of a month's objects in the bucket."""

from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month


def object_names(dataset: Dataset, month: Month) -> tuple[str, str]:
    """The names of the objects that hold the clean month and its quarantine.

    They are Hive-style (`trip_month=2021-01-01`), which external tables and other engines understand.
    """
    place = f"{dataset.name}/trip_month={month.key}/{dataset.month_name(month)}.parquet"
    return f"trips/{place}", f"quarantine/{place}"
