"""The tutorial's second script, written anew from its description: a published csv.gz to gzipped Parquet, whole.

python -m benchmarks.tutorial_parquet MONTH.csv.gz MONTH.parquet
"""

import sys

import pandas as pd

TIMES = ("tpep_pickup_datetime", "tpep_dropoff_datetime")


def main(source: str, target: str) -> None:
    frame = pd.read_csv(source)
    for name in TIMES:
        # `coerce` as in tutorial_to_sql.py: for a drop-off in 3021.
        frame[name] = pd.to_datetime(frame[name], errors="coerce")
    frame.to_parquet(target, compression="gzip")
    print(f"{len(frame):,} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
