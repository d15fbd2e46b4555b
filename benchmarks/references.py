"""What our path is compared with: the tutorial's scripts, psql, the floor, and other loaders where they run."""

from __future__ import annotations

import sys
from pathlib import Path

from psycopg.sql import SQL, Literal

from benchmarks.contestants import INTO_POSTGRES, Contestant, file_facts
from benchmarks.months import MadeMonth
from benchmarks.workbench import PROJECT, Workbench, tool

PSQL_TABLE = """CREATE TABLE psql_trips (vendor_id smallint, pickup_datetime timestamp, dropoff_datetime timestamp,
passenger_count smallint, trip_distance float8, rate_code_id smallint, store_and_fwd_flag text,
pickup_location_id smallint, dropoff_location_id smallint, payment_type smallint, fare_amount float8, extra float8,
mta_tax float8, tip_amount float8, tolls_amount float8, improvement_surcharge float8, total_amount float8,
congestion_surcharge float8)"""
"""The published columns of yellow 2021-01, in the types that our table has too."""
_FLOOR = "floor.bin"


def references(bench: Workbench, month: MadeMonth) -> list[Contestant]:
    """All references over a yellow month."""
    return [
        _psql(bench, month),
        _floor(bench),
        _tutorial_parquet(bench, month),
        _tutorial_to_sql(bench, month),
        _dlt(bench, month),
        _sling(bench, month),
    ]


def _psql(bench: Workbench, month: MadeMonth) -> Contestant:
    copy = r"\copy psql_trips FROM PSTDIN (FORMAT csv, HEADER)"
    return Contestant(
        name="psql",
        title=r"gunzip -c | psql \copy",
        path=INTO_POSTGRES,
        command=[
            *("sh", "-c", 'gunzip -c "$0" | "$1" -Xq -v ON_ERROR_STOP=1 -c "$3" -c "$4" "$2"'),
            *(str(month.path), bench.server.psql, bench.server.url, PSQL_TABLE, copy),
        ],
        targets=frozenset({"p1"}),
        env=bench.env(),
        before=lambda: bench.server.execute("DROP TABLE IF EXISTS psql_trips"),
        rows="SELECT count(*) FROM psql_trips",
    )


def _floor(bench: Workbench) -> Contestant:
    """The floor: a bare COPY of the rows of our load, after which it runs."""

    def before() -> None:
        bench.server.execute("DROP TABLE IF EXISTS floor_trips")
        file = bench.server.data / _FLOOR
        if not file.exists():
            bench.server.execute(SQL("COPY yellow_taxi_trips_2021_01 TO {} (FORMAT binary)").format(Literal(str(file))))

    table = "CREATE TABLE floor_trips (LIKE yellow_taxi_trips)"
    copy = f"COPY floor_trips FROM '{_FLOOR}' (FORMAT binary, FREEZE)"
    return Contestant(
        name="floor",
        title="floor: the server reads a binary file",
        path="binary file → Postgres",
        command=[bench.server.psql, "-Xq1", "-v", "ON_ERROR_STOP=1", "-c", table, "-c", copy, bench.server.url],
        targets=frozenset({"p1"}),
        env=bench.env(),
        before=before,
        rows="SELECT count(*) + (SELECT count(*) FROM yellow_taxi_trips_quarantine) FROM floor_trips",
    )


def _tutorial_parquet(bench: Workbench, month: MadeMonth) -> Contestant:
    target = bench.folder("tutorial") / "month.parquet"
    return Contestant(
        name="tutorial_parquet",
        title="tutorial: pandas to gzip Parquet",
        path="csv.gz → Parquet",
        command=[sys.executable, "-m", "benchmarks.tutorial_parquet", str(month.path), str(target)],
        targets=frozenset({"p2"}),
        env=bench.env(),
        after=lambda: file_facts(target),
        slow=True,
    )


def _tutorial_to_sql(bench: Workbench, month: MadeMonth) -> Contestant:
    url = bench.server.url.replace("postgresql://", "postgresql+psycopg2://")
    return Contestant(
        name="tutorial_to_sql",
        title="tutorial: pandas chunks to_sql",
        path=INTO_POSTGRES,
        command=[sys.executable, "-m", "benchmarks.tutorial_to_sql", str(month.path), url, "tutorial_trips"],
        targets=frozenset({"p1", "p2"}),
        env=bench.env(),
        rows="SELECT count(*) FROM tutorial_trips",
        slow=True,
    )


def _dlt(bench: Workbench, month: MadeMonth) -> Contestant:
    dlt = tool("dlt")
    python = str(Path(dlt).with_name("python")) if dlt else sys.executable
    script = [str(PROJECT / "benchmarks" / "dlt_load.py"), str(month.path), bench.server.full_url]
    return Contestant(
        name="dlt",
        title="dlt (Arrow batches)",
        path=INTO_POSTGRES,
        command=[python, *script, "dlt_trips", str(bench.folder("dlt"))],
        targets=frozenset({"p1"}),
        env=bench.env(RUNTIME__DLTHUB_TELEMETRY="false"),
        rows="SELECT count(*) FROM dlt_trips.dlt_trips",
        optional=True,
    )


def _sling(bench: Workbench, month: MadeMonth) -> Contestant:
    url = f"{bench.server.full_url}?sslmode=disable"
    return Contestant(
        name="sling",
        title="sling",
        path=INTO_POSTGRES,
        command=[
            *(tool("sling") or "sling", "run", "--src-stream", month.path.as_uri(), "--tgt-conn", url),
            *("--tgt-object", "public.sling_trips", "--mode", "full-refresh"),
        ],
        targets=frozenset({"p1"}),
        env=bench.env(SLING_DISABLE_TELEMETRY="TRUE", SLING_HOME_DIR=str(bench.folder("sling"))),
        rows="SELECT count(*) FROM sling_trips",
        optional=True,
    )
