"""The column table: every column of every dataset, once.

From it come the Arrow schema, the Postgres and DuckDB DDL, the BigQuery schema, the descriptions in the UI and the
names by which the reader finds a column in a published file. Meanings, units and codes are those of TLC's data
dictionaries (yellow and green, 18 March 2025). Which columns a file of a given month has is said in `layouts.py`.

Order matters: 8-byte columns first, then 4, 2 and text, so that Postgres pads no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


Codes = Mapping[int, str] | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Types:
    """What one kind of column is called in each system."""

    arrow: str
    postgres: str
    bigquery: str
    duckdb: str


class Kind(Enum):
    """What a column holds.

    Times are naive New York local time in microseconds: a real drop-off in 3019 overflows nanoseconds.
    """

    TIMESTAMP = Types("timestamp[us]", "timestamp", "DATETIME", "TIMESTAMP")
    FLOAT = Types("double", "double precision", "FLOAT64", "DOUBLE")
    LONG = Types("int64", "bigint", "INT64", "BIGINT")
    DATE = Types("date32[day]", "date", "DATE", "DATE")
    FLAGS = Types("int32", "integer", "INT64", "INTEGER")
    CODE = Types("int16", "smallint", "INT64", "SMALLINT")
    TEXT = Types("string", "text", "STRING", "VARCHAR")


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical column.

    `published` holds the names it has had in TLC's files, compared without case and surrounding spaces; a column with
    none is ours. `required`: a published file without it is refused.
    """

    name: str
    kind: Kind
    published: tuple[str, ...]
    doc: str
    unit: str = ""
    codes: Codes = field(default_factory=dict)
    required: bool = False

    @property
    def description(self) -> str:
        """The whole meaning in one text: doc, unit, codes."""
        parts = [self.doc]
        if self.unit:
            parts.append(f"In {self.unit}.")
        if self.codes:
            parts.append("; ".join(f"{code} = {meaning}" for code, meaning in self.codes.items()) + ".")
        return " ".join(parts)


VENDORS: Mapping[int, str] = {
    1: "Creative Mobile Technologies (CMT)",
    2: "Curb Mobility (formerly VeriFone)",
    4: "historic",
    6: "Myle Technologies",
    7: "Helix",
}
RATE_CODES: Mapping[int, str] = {
    1: "standard rate",
    2: "JFK",
    3: "Newark",
    4: "Nassau or Westchester",
    5: "negotiated fare",
    6: "group ride",
    99: "unknown",
}
PAYMENT_TYPES: Mapping[int, str] = {
    0: "Flex Fare trip",
    1: "credit card",
    2: "cash",
    3: "no charge",
    4: "dispute",
    5: "unknown",
    6: "voided trip",
}
TRIP_TYPES: Mapping[int, str] = {1: "street-hail", 2: "dispatch"}


def _usd(name: str, published: str, doc: str, *, required: bool = False) -> Column:
    return Column(name, Kind.FLOAT, (published,), doc, "US dollars", required=required)


_TIMES = (
    Column(
        "pickup_datetime",
        Kind.TIMESTAMP,
        ("tpep_pickup_datetime", "lpep_pickup_datetime"),
        "When the meter was engaged.",
        "New York local time",
        required=True,
    ),
    Column(
        "dropoff_datetime",
        Kind.TIMESTAMP,
        ("tpep_dropoff_datetime", "lpep_dropoff_datetime"),
        "When the meter was disengaged.",
        "New York local time",
        required=True,
    ),
)
_METER = (
    Column(
        "trip_distance",
        Kind.FLOAT,
        ("trip_distance",),
        "Distance reported by the taximeter.",
        "miles",
        required=True,
    ),
    _usd("fare_amount", "fare_amount", "Time-and-distance fare calculated by the meter.", required=True),
    _usd("extra", "extra", "Miscellaneous extras and surcharges.", required=True),
    _usd("mta_tax", "mta_tax", "Tax triggered by the metered rate in use.", required=True),
    _usd(
        "tip_amount",
        "tip_amount",
        "Tip; filled for credit cards only, cash tips are not included.",
        required=True,
    ),
    _usd("tolls_amount", "tolls_amount", "All tolls paid in the trip.", required=True),
)
_SURCHARGES = (
    _usd(
        "improvement_surcharge",
        "improvement_surcharge",
        "Improvement surcharge assessed at the flag drop, levied since 2015.",
    ),
    _usd("total_amount", "total_amount", "Total charged to passengers, without cash tips.", required=True),
    _usd("congestion_surcharge", "congestion_surcharge", "New York State congestion surcharge."),
    _usd(
        "cbd_congestion_fee",
        "cbd_congestion_fee",
        "MTA's Congestion Relief Zone charge, since 5 January 2025.",
    ),
)
_AIRPORT_FEE = _usd("airport_fee", "airport_fee", "Pick-up at LaGuardia and John F. Kennedy airports.")
_EHAIL_FEE = _usd("ehail_fee", "ehail_fee", "Fee for e-hailed trips; hardly ever filled.")
_CODES = (
    Column(
        "vendor_id",
        Kind.CODE,
        ("VendorID",),
        "TPEP or LPEP provider of the record.",
        codes=VENDORS,
        required=True,
    ),
    Column(
        "passenger_count",
        Kind.CODE,
        ("passenger_count",),
        "Number of passengers, entered by the driver.",
        required=True,
    ),
    Column(
        "rate_code_id",
        Kind.CODE,
        ("RatecodeID",),
        "Final rate code of the trip.",
        codes=RATE_CODES,
        required=True,
    ),
    Column(
        "pickup_location_id",
        Kind.CODE,
        ("PULocationID",),
        "TLC taxi zone of the pick-up, 1 to 265.",
        required=True,
    ),
    Column(
        "dropoff_location_id",
        Kind.CODE,
        ("DOLocationID",),
        "TLC taxi zone of the drop-off, 1 to 265.",
        required=True,
    ),
    Column(
        "payment_type",
        Kind.CODE,
        ("payment_type",),
        "How the passenger paid.",
        codes=PAYMENT_TYPES,
        required=True,
    ),
)
_TRIP_TYPE = Column(
    "trip_type",
    Kind.CODE,
    ("trip_type",),
    "Street-hail or dispatch, from the metered rate.",
    codes=TRIP_TYPES,
)
_STORE_AND_FWD = Column(
    "store_and_fwd_flag",
    Kind.TEXT,
    ("store_and_fwd_flag",),
    "Whether the record was held in the vehicle before it was sent.",
    codes={"Y": "held", "N": "not held"},
    required=True,
)

SOURCE_ROW = Column("source_row", Kind.LONG, (), "Position of the row in the published file, from 0.")
TRIP_MONTH = Column("trip_month", Kind.DATE, (), "Month of the file the row was published in, as its first day.")
QUALITY_FLAGS = Column("quality_flags", Kind.FLAGS, (), "Bit set of the peculiarities of the row; see `cleaning.py`.")
SOURCE_FILE = Column("source_file", Kind.TEXT, (), "Published file of the row; with source_row its identity.")

YELLOW = (
    *_TIMES,
    *_METER,
    *_SURCHARGES,
    _AIRPORT_FEE,
    SOURCE_ROW,
    TRIP_MONTH,
    QUALITY_FLAGS,
    *_CODES,
    _STORE_AND_FWD,
    SOURCE_FILE,
)
GREEN = (
    *_TIMES,
    *_METER,
    *_SURCHARGES,
    _EHAIL_FEE,
    SOURCE_ROW,
    TRIP_MONTH,
    QUALITY_FLAGS,
    *_CODES,
    _TRIP_TYPE,
    _STORE_AND_FWD,
    SOURCE_FILE,
)


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The canonical Arrow schema of a dataset's columns, in their order; every field is nullable."""
    import pyarrow as pa

    return pa.schema([(column.name, pa.type_for_alias(column.kind.value.arrow)) for column in columns])
