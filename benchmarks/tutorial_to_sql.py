"""The tutorial's first script, written anew from its description: a published csv.gz into Postgres, in chunks.

python -m benchmarks.tutorial_to_sql MONTH.csv.gz postgresql+psycopg2://… TABLE
"""

import sys

import pandas as pd
from sqlalchemy import create_engine

CHUNK_ROWS = 100_000
TIMES = ("tpep_pickup_datetime", "tpep_dropoff_datetime")


def main(path: str, url: str, table: str) -> None:
    engine = create_engine(url)
    chunks = pd.read_csv(path, compression="gzip", iterator=True, chunksize=CHUNK_ROWS)
    for number, chunk in enumerate(chunks):
        for name in TIMES:
            # The sample has a drop-off in 3021, as TLC's files of other months do: without `coerce` pandas ends there.
            chunk[name] = pd.to_datetime(chunk[name], errors="coerce")
        if number == 0:
            chunk.head(0).to_sql(name=table, con=engine, if_exists="replace")
        chunk.to_sql(name=table, con=engine, if_exists="append")
        print(f"chunk {number + 1}: {len(chunk):,} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
