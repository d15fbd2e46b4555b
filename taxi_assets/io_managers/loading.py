"""What the annotation of an asset's input asks for, by its name: no library is imported to compare types."""

from collections.abc import Callable, Mapping
from pathlib import Path

from taxi_assets.errors import TaxiError
from taxi_assets.transform.checksums import CHECKSUMS, Checksums
from taxi_assets.transform.month_file import MonthFile, MonthFiles

Loaders = Mapping[str, Callable[[], object]]
"""For each type that can be had, as package and name (`pandas.DataFrame`), the function that makes it."""


def load_as(wanted: type, loaders: Loaders) -> object:
    """The input as the type `wanted`; raises TaxiError for a type that is not among the loaders'."""
    module, name = getattr(wanted, "__module__", ""), getattr(wanted, "__qualname__", str(wanted))
    loader = loaders.get(f"{module.partition('.')[0]}.{name}")
    if loader is not None:
        return loader()
    offered = [known.removeprefix("taxi_assets.") for known in loaders if not known.startswith("typing.")]
    raise TaxiError(
        f"This asset cannot be loaded as {name}.",
        f"Annotate the input as {', '.join(offered[:-1])} or {offered[-1]}.",
    )


def load_files_as(wanted: type, files: MonthFiles) -> object:
    """A month's Parquet files as the type `wanted`: both as MonthFiles, or the clean rows as anything else.

    Without an annotation the input is MonthFiles. Raises TaxiError for a type that cannot be had.
    """
    clean = files.clean
    return load_as(
        wanted,
        {
            "typing.Any": lambda: files,
            "taxi_assets.MonthFiles": lambda: files,
            "taxi_assets.MonthFile": lambda: clean,
            "taxi_assets.Checksums": lambda: Checksums.from_json(clean.facts[CHECKSUMS]),
            "pyarrow.RecordBatchReader": clean.batches,
            "pyarrow.Dataset": clean.dataset,
            "pyarrow.FileSystemDataset": clean.dataset,
            "pandas.DataFrame": clean.frame,
        },
    )


def rows_in(path: Path) -> int:
    """The number of rows of a Parquet file; 0 when there is no file."""
    return MonthFile.local(path).rows if path.exists() else 0
