"""dlt's fastest way from a published csv.gz to Postgres: Arrow batches through a pipeline, the table replaced.

Where ADBC's driver is installed dlt hands Parquet files to it, else it copies CSV.

PYTHON benchmarks/dlt_load.py MONTH.csv.gz URL TABLE FOLDER: run as a file by a Python that has dlt (see
`references.py`), so it imports nothing of ours. dlt keeps its state in FOLDER.
"""

import importlib.util
import sys
from collections.abc import Iterator
from typing import Any

from pyarrow import csv


def main(path: str, url: str, table: str, folder: str) -> None:
    dlt: Any = importlib.import_module("dlt")

    def trips() -> Iterator[Any]:
        yield from csv.open_csv(path)

    pipeline = dlt.pipeline(
        "taxi_benchmark", pipelines_dir=folder, destination=dlt.destinations.postgres(url), dataset_name="dlt_trips"
    )
    resource = dlt.resource(trips, name=table, write_disposition="replace")
    through_adbc = importlib.util.find_spec("adbc_driver_postgresql") is not None
    print(pipeline.run(resource, loader_file_format="parquet" if through_adbc else "csv"))


if __name__ == "__main__":
    main(*sys.argv[1:])
