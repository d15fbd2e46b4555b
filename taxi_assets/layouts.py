"""How the publishers' files of each era look: column names in order, types, line ends. Data only.

The reader does not need it (it goes by the names of the column table); the sample publisher writes by it.
Sources: the headers of the published CSV files and the footers of the published Parquet files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from taxi_assets.datasets import Dataset
from taxi_assets.months import Month

FileFormat = Literal["csv.gz", "parquet"]


@dataclass(frozen=True)
class Layout:
    """The columns of a published file from month `first` on, as (published name, Arrow type) in file order."""

    dataset: str
    format: FileFormat
    first: Month
    columns: tuple[tuple[str, str], ...]


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, kind) for name, kind in (item.split(":") for item in text.split()))


_YELLOW_CSV = _columns(
    """VendorID:int64 tpep_pickup_datetime:timestamp[us] tpep_dropoff_datetime:timestamp[us] passenger_count:int64
    trip_distance:double RatecodeID:int64 store_and_fwd_flag:string PULocationID:int64 DOLocationID:int64
    payment_type:int64 fare_amount:double extra:double mta_tax:double tip_amount:double tolls_amount:double
    improvement_surcharge:double total_amount:double congestion_surcharge:double
    """
)
_YELLOW_PARQUET = _columns(
    """VendorID:int64 tpep_pickup_datetime:timestamp[us] tpep_dropoff_datetime:timestamp[us] passenger_count:double
    trip_distance:double RatecodeID:double store_and_fwd_flag:string PULocationID:int64 DOLocationID:int64
    payment_type:int64 fare_amount:double extra:double mta_tax:double tip_amount:double tolls_amount:double
    improvement_surcharge:double total_amount:double congestion_surcharge:double
    """
)
_YELLOW_PARQUET_2023 = _columns(
    """VendorID:int32 tpep_pickup_datetime:timestamp[us] tpep_dropoff_datetime:timestamp[us] passenger_count:int64
    trip_distance:double RatecodeID:int64 store_and_fwd_flag:large_string PULocationID:int32 DOLocationID:int32
    payment_type:int64 fare_amount:double extra:double mta_tax:double tip_amount:double tolls_amount:double
    improvement_surcharge:double total_amount:double congestion_surcharge:double Airport_fee:double"""
)
_GREEN_CSV = _columns(
    """VendorID:int64 lpep_pickup_datetime:timestamp[us] lpep_dropoff_datetime:timestamp[us] store_and_fwd_flag:string
    RatecodeID:int64 PULocationID:int64 DOLocationID:int64 passenger_count:int64 trip_distance:double fare_amount:double
    extra:double mta_tax:double tip_amount:double tolls_amount:double ehail_fee:double improvement_surcharge:double
    total_amount:double payment_type:int64 trip_type:int64 congestion_surcharge:double"""
)
_GREEN_PARQUET = _columns(
    """VendorID:int64 lpep_pickup_datetime:timestamp[us] lpep_dropoff_datetime:timestamp[us] store_and_fwd_flag:string
    RatecodeID:double PULocationID:int64 DOLocationID:int64 passenger_count:double trip_distance:double
    fare_amount:double extra:double mta_tax:double tip_amount:double tolls_amount:double ehail_fee:null
    improvement_surcharge:double total_amount:double payment_type:double trip_type:double congestion_surcharge:double
    """
)
_GREEN_PARQUET_2023 = _columns(
    """VendorID:int32 lpep_pickup_datetime:timestamp[us] lpep_dropoff_datetime:timestamp[us]
    store_and_fwd_flag:large_string RatecodeID:int64 PULocationID:int32 DOLocationID:int32 passenger_count:int64
    trip_distance:double fare_amount:double extra:double mta_tax:double tip_amount:double tolls_amount:double
    ehail_fee:double improvement_surcharge:double total_amount:double payment_type:int64 trip_type:int64
    congestion_surcharge:double
    """
)
_CBD_FEE = (("cbd_congestion_fee", "double"),)

LAYOUTS = (
    Layout("yellow", "csv.gz", Month(2019, 1), _YELLOW_CSV),
    Layout("yellow", "csv.gz", Month(2025, 1), (*_YELLOW_CSV, ("airport_fee", "double"), *_CBD_FEE)),
    Layout("yellow", "parquet", Month(2019, 1), (*_YELLOW_PARQUET, ("airport_fee", "null"))),
    Layout("yellow", "parquet", Month(2020, 11), (*_YELLOW_PARQUET, ("airport_fee", "double"))),
    Layout("yellow", "parquet", Month(2023, 2), _YELLOW_PARQUET_2023),
    Layout("yellow", "parquet", Month(2025, 1), (*_YELLOW_PARQUET_2023, *_CBD_FEE)),
    Layout("green", "csv.gz", Month(2019, 1), _GREEN_CSV),
    Layout("green", "csv.gz", Month(2025, 1), (*_GREEN_CSV, *_CBD_FEE)),
    Layout("green", "parquet", Month(2019, 1), _GREEN_PARQUET),
    Layout("green", "parquet", Month(2023, 2), _GREEN_PARQUET_2023),
    Layout("green", "parquet", Month(2025, 1), (*_GREEN_PARQUET_2023, *_CBD_FEE)),
)


def layout(dataset: Dataset, month: Month, file_format: FileFormat) -> Layout:
    """The layout of a month's file; raises LookupError for a month before the dataset's first layout."""
    eras = [era for era in LAYOUTS if (era.dataset, era.format) == (dataset.name, file_format) and era.first <= month]
    if not eras:
        raise LookupError(f"no layout of {dataset.name} as {file_format} reaches back to {month}")
    return max(eras, key=lambda era: era.first)
