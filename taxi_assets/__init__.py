"""NYC taxi trips, month by month, from TLC's files to Parquet, Postgres, Google Cloud Storage and BigQuery.

The names in `__all__` are the public API, for projects that add assets of their own (docs/how-to/downstream-asset.md).
Each is imported when it is first used: importing the package alone loads neither Dagster nor Arrow, and changes nothing
in the process.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from taxi_assets.bounds import bound_libraries
    from taxi_assets.build import build_definitions
    from taxi_assets.destinations.warehouse_month import WarehouseMonth
    from taxi_assets.model.datasets import DATASETS, Dataset, register
    from taxi_assets.model.months import Month
    from taxi_assets.partitions import months_of
    from taxi_assets.settings import Settings
    from taxi_assets.transform.month_file import MonthFile, MonthFiles

__all__ = [
    "DATASETS",
    "Dataset",
    "Month",
    "MonthFile",
    "MonthFiles",
    "Settings",
    "WarehouseMonth",
    "bound_libraries",
    "build_definitions",
    "months_of",
    "register",
]

_MODULES: Final = {
    "DATASETS": "taxi_assets.model.datasets",
    "Dataset": "taxi_assets.model.datasets",
    "Month": "taxi_assets.model.months",
    "MonthFile": "taxi_assets.transform.month_file",
    "MonthFiles": "taxi_assets.transform.month_file",
    "Settings": "taxi_assets.settings",
    "WarehouseMonth": "taxi_assets.destinations.warehouse_month",
    "bound_libraries": "taxi_assets.bounds",
    "build_definitions": "taxi_assets.build",
    "months_of": "taxi_assets.partitions",
    "register": "taxi_assets.model.datasets",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
