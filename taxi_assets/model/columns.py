"""The column table: every column of every dataset, once.

From it come the Arrow schema, the Postgres and DuckDB DDL, the BigQuery schema, the descriptions in the UI and in the
databases, and the names by which the reader finds a column in a published file. Meanings, units and codes are those of
TLC's data dictionaries (yellow and green, March 18, 2025). Which columns the files of a month have is in `eras.py`.

Order matters: 8-byte columns come first, then 4, 2 and text, so that Postgres pads no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from taxi_assets.model.zone_ids import OUTSIDE_CITY, UNKNOWN_ZONE, ZONE_IDS

if TYPE_CHECKING:
    import pyarrow as pa


Codes = Mapping[int, str] | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Types:
    """The type of one kind of column in each system."""

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
    """One column of a dataset, under its canonical name.

    `published` holds the names it has had in TLC's files, compared without case and surrounding spaces; where a file
    has several of them, the first one counts. A column without such a name is added by this project. A file without a
    `required` column is refused, unless it has the column that stood `instead` of it in older eras.

    `doc` is shown to people: in the UI, as the column's comment in the databases, and in docs/catalogue.md.

    `texts` maps the spellings of older eras, compared without case, to today's values. Where an era published texts in
    place of codes, the code column takes the code of a text that has one, and the column whose `text_of` names the code
    column keeps the text.
    """

    name: str
    kind: Kind
    published: tuple[str, ...]
    doc: str
    unit: str = ""
    codes: Codes = field(default_factory=dict)
    required: bool = False
    instead: str = ""
    texts: Mapping[str, int | str] = field(default_factory=dict)
    text_of: str = ""

    @property
    def description(self) -> str:
        """The meaning of the column in one text: doc, unit, codes."""
        parts = [self.doc]
        if self.unit:
            parts.append(f"In {self.unit}.")
        if self.codes:
            parts.append("; ".join(f"{code} = {meaning}" for code, meaning in self.codes.items()) + ".")
        return " ".join(parts)


VENDORS: Mapping[int, str] = {
    1: "Creative Mobile Technologies (CMT)",
    2: "Curb Mobility (formerly VeriFone, VTS)",
    4: "historic",
    6: "Myle Technologies",
    7: "Helix",
}
VENDOR_TEXTS = {"cmt": 1, "vts": 2}
"""Spellings of 2009 to 2014. DDS (Digital Dispatch Systems) never had a code."""
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
PAYMENT_TEXTS = {
    **dict.fromkeys(("credit", "crd", "cre"), 1),
    **dict.fromkeys(("cash", "csh", "cas"), 2),
    **dict.fromkeys(("no charge", "noc", "no"), 3),
    **dict.fromkeys(("dispute", "dis"), 4),
    **dict.fromkeys(("unknown", "unk"), 5),
}
"""Spellings of 2009 to 2014, which differed by vendor and month."""
TRIP_TYPES: Mapping[int, str] = {1: "street-hail", 2: "dispatch"}
LICENSES = {"HV0002": "Juno", "HV0003": "Uber", "HV0004": "Via", "HV0005": "Lyft"}
YES_NO = {"Y": "yes", "N": "no"}
FLAG_TEXTS = {"0": "N", "1": "Y", "0.0": "N", "1.0": "Y", "false": "N", "true": "Y"}
"""The store_and_fwd_flag of 2009 and 2010, which TLC's Parquet files hold as a number; some programs write booleans."""


def _usd(name: str, *published: str, doc: str, required: bool = False) -> Column:
    return Column(name, Kind.FLOAT, published or (name,), doc, "US dollars", required=required)


def _degrees(name: str, *published: str, doc: str) -> Column:
    return Column(name, Kind.FLOAT, (name, *published), doc, "degrees (WGS 84)")


def _yes_no(name: str, doc: str) -> Column:
    return Column(name, Kind.TEXT, (name,), doc, codes=YES_NO)


def _time(name: str, *published: str, doc: str, required: bool = False) -> Column:
    return Column(name, Kind.TIMESTAMP, published, doc, "New York local time", required=required)


def _zone(end: str, *published: str, doc: str, required: bool = False) -> Column:
    instead = f"{end}_longitude" if required else ""
    return Column(f"{end}_location_id", Kind.CODE, published, doc, required=required, instead=instead)


_ZONE_NUMBERS = f"{ZONE_IDS[0]} to {ZONE_IDS[-1]}; {UNKNOWN_ZONE} means unknown, {OUTSIDE_CITY} means outside the city."
_PICKUP_ZONE_DOC = f"TLC taxi zone of the pick-up, {_ZONE_NUMBERS}"
_DROPOFF_ZONE_DOC = f"TLC taxi zone of the drop-off, {_ZONE_NUMBERS}"


def _taxi_times(meter: str) -> tuple[Column, Column]:
    """The times of a taxi dataset; `meter` is what its files call them by: `tpep` of yellow, `lpep` of green."""
    return (
        _time(
            "pickup_datetime",
            f"{meter}_pickup_datetime",
            "Trip_Pickup_DateTime",
            "pickup_datetime",
            doc="When the meter was engaged.",
            required=True,
        ),
        _time(
            "dropoff_datetime",
            f"{meter}_dropoff_datetime",
            "Trip_Dropoff_DateTime",
            "dropoff_datetime",
            doc="When the meter was disengaged.",
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
    _degrees("pickup_longitude", "Start_Lon", doc="Where the meter was engaged."),
    _degrees("pickup_latitude", "Start_Lat", doc="Where the meter was engaged."),
    _degrees("dropoff_longitude", "End_Lon", doc="Where the meter was disengaged."),
    _degrees("dropoff_latitude", "End_Lat", doc="Where the meter was disengaged."),
    _usd(
        "fare_amount", "fare_amount", "Fare_Amt", doc="Time-and-distance fare calculated by the meter.", required=True
    ),
    _usd("extra", "extra", "surcharge", doc="Miscellaneous extras and surcharges; published as surcharge until 2014."),
    _usd("mta_tax", doc="MTA tax, triggered by the metered rate in use."),
    _usd(
        "tip_amount", "tip_amount", "Tip_Amt", doc="Tip paid by credit card; cash tips are not included.", required=True
    ),
    _usd("tolls_amount", "tolls_amount", "Tolls_Amt", doc="Total of all tolls paid in the trip.", required=True),
)
_IMPROVEMENT = _usd("improvement_surcharge", doc="Improvement surcharge, assessed at the flag drop since 2015.")
_TOTAL = _usd(
    "total_amount",
    "total_amount",
    "Total_Amt",
    doc="Total charged to the passengers, without cash tips.",
    required=True,
)
_CONGESTION = _usd("congestion_surcharge", doc="New York State congestion surcharge, since February 2019.")
_CBD_FEE = _usd("cbd_congestion_fee", doc="MTA's charge for the Congestion Relief Zone, since January 5, 2025.")
_AIRPORT_FEE = _usd("airport_fee", doc="Fee for pick-ups at LaGuardia and John F. Kennedy airports.")
_EHAIL_FEE = _usd("ehail_fee", doc="Fee for e-hailed trips; almost always empty.")
_VENDOR = Column(
    "vendor_id",
    Kind.CODE,
    ("VendorID", "vendor_id", "vendor_name"),
    "Technology provider (TPEP or LPEP) that delivered the record.",
    codes=VENDORS,
    required=True,
    texts=VENDOR_TEXTS,
)
_PASSENGERS = Column(
    "passenger_count", Kind.CODE, ("passenger_count",), "Number of passengers, entered by the driver.", required=True
)
_RATE_CODE = Column(
    "rate_code_id",
    Kind.CODE,
    ("RatecodeID", "rate_code", "rate_code_id"),
    "Rate code in effect at the end of the trip.",
    codes=RATE_CODES,
    required=True,
)
_TAXI_ZONES = (
    _zone("pickup", "PULocationID", "pickup_location_id", doc=_PICKUP_ZONE_DOC, required=True),
    _zone("dropoff", "DOLocationID", "dropoff_location_id", doc=_DROPOFF_ZONE_DOC, required=True),
)
_PAYMENT = Column(
    "payment_type",
    Kind.CODE,
    ("payment_type",),
    "How the passenger paid.",
    codes=PAYMENT_TYPES,
    required=True,
    texts=PAYMENT_TEXTS,
)
_TRIP_TYPE = Column(
    "trip_type",
    Kind.CODE,
    ("trip_type",),
    "Whether the trip was a street-hail or a dispatch, derived from the rate.",
    codes=TRIP_TYPES,
)
_STORE_AND_FWD = Column(
    "store_and_fwd_flag",
    Kind.TEXT,
    ("store_and_fwd_flag", "store_and_forward"),
    "Whether the record was held in the vehicle before it was sent.",
    codes={"Y": "held", "N": "not held"},
    required=True,
    texts=FLAG_TEXTS,
)
_VENDOR_TEXT = Column(
    "vendor_text", Kind.TEXT, (), "Name of the vendor, as published from 2009 to 2014.", text_of="vendor_id"
)
_PAYMENT_TEXT = Column(
    "payment_text", Kind.TEXT, (), "Name of the payment type, as published from 2009 to 2014.", text_of="payment_type"
)

_LICENSE = Column(
    "hvfhs_license_num",
    Kind.TEXT,
    ("hvfhs_license_num",),
    "TLC license number of the high-volume business.",
    codes=LICENSES,
)
_BASE = Column(
    "dispatching_base_num",
    Kind.TEXT,
    ("Dispatching_base_number", "dispatching_base_num"),
    "TLC license number of the base that dispatched the trip.",
    required=True,
)
_OTHER_BASE = Column(
    "other_base_num",
    Kind.TEXT,
    ("dispatching_base_num",),
    "Second base number, published only in 2018: Dispatching_base_num, next to Dispatching_base_number.",
)
_AFFILIATED = Column(
    "affiliated_base_number", Kind.TEXT, ("Affiliated_base_number",), "Base that the vehicle is affiliated with."
)
_ORIGIN = Column(
    "originating_base_num", Kind.TEXT, ("originating_base_num",), "Base that received the original request."
)
_SHARED = Column(
    "sr_flag",
    Kind.CODE,
    ("SR_Flag",),
    "Whether the trip was part of a shared ride chain.",
    codes={1: "shared", 0: "not shared"},
    texts={"n": 0, "y": 1},
)
_FHV_ZONES = (
    _zone("pickup", "PUlocationID", "locationID", doc=_PICKUP_ZONE_DOC),
    _zone("dropoff", "DOlocationID", doc=_DROPOFF_ZONE_DOC),
)

SOURCE_ROW = Column("source_row", Kind.LONG, (), "Position of the row in the published file, counted from 0.")
TRIP_MONTH = Column("trip_month", Kind.DATE, (), "Month of the published file, as its first day.")
QUALITY_FLAGS = Column(
    "quality_flags",
    Kind.FLAGS,
    (),
    "What is peculiar about the row, one bit each; 0 for an ordinary row. docs/catalogue.md lists the bits.",
)
SOURCE_FILE = Column(
    "source_file",
    Kind.TEXT,
    (),
    "Published file of the row; with source_row it identifies the row. A try-out is marked here.",
)
OURS = (SOURCE_ROW, TRIP_MONTH, QUALITY_FLAGS, SOURCE_FILE)
"""The columns that this project adds to every dataset; no published file has them."""

YELLOW = (
    *_taxi_times("tpep"),
    *_METER,
    _IMPROVEMENT,
    _TOTAL,
    _CONGESTION,
    _CBD_FEE,
    _AIRPORT_FEE,
    SOURCE_ROW,
    TRIP_MONTH,
    QUALITY_FLAGS,
    _VENDOR,
    _PASSENGERS,
    _RATE_CODE,
    *_TAXI_ZONES,
    _PAYMENT,
    _STORE_AND_FWD,
    _VENDOR_TEXT,
    _PAYMENT_TEXT,
    SOURCE_FILE,
)
GREEN = (
    *_taxi_times("lpep"),
    *_METER,
    _IMPROVEMENT,
    _TOTAL,
    _CONGESTION,
    _CBD_FEE,
    _EHAIL_FEE,
    SOURCE_ROW,
    TRIP_MONTH,
    QUALITY_FLAGS,
    _VENDOR,
    _PASSENGERS,
    _RATE_CODE,
    *_TAXI_ZONES,
    _PAYMENT,
    _TRIP_TYPE,
    _STORE_AND_FWD,
    SOURCE_FILE,
)
FHV = (
    _time("pickup_datetime", "pickup_datetime", "Pickup_date", doc="When the trip began.", required=True),
    _time("dropoff_datetime", "dropOff_datetime", doc="When the trip ended; not published before 2017."),
    SOURCE_ROW,
    TRIP_MONTH,
    QUALITY_FLAGS,
    *_FHV_ZONES,
    _SHARED,
    _BASE,
    _OTHER_BASE,
    _AFFILIATED,
    SOURCE_FILE,
)
FHVHV = (
    _time("pickup_datetime", "pickup_datetime", doc="When the trip began.", required=True),
    _time("dropoff_datetime", "dropoff_datetime", doc="When the trip ended.", required=True),
    _time("request_datetime", "request_datetime", doc="When the passenger asked to be picked up."),
    _time(
        "on_scene_datetime", "on_scene_datetime", doc="When the driver arrived at the pick-up; only Uber reports it."
    ),
    Column("trip_miles", Kind.FLOAT, ("trip_miles",), "Distance of the passenger's trip.", "miles"),
    _usd("base_passenger_fare", doc="Fare before tolls, tips, taxes and fees."),
    _usd("tolls", doc="Total of all tolls paid in the trip."),
    _usd("bcf", doc="Amount collected for the Black Car Fund."),
    _usd("sales_tax", doc="Amount collected for New York State sales tax."),
    _CONGESTION,
    _CBD_FEE,
    _AIRPORT_FEE,
    _usd("tips", doc="Tips from the passenger."),
    _usd("driver_pay", doc="Pay of the driver, without tolls and tips, net of commission, surcharges and taxes."),
    Column("trip_time", Kind.LONG, ("trip_time",), "Duration of the passenger's trip.", "seconds"),
    SOURCE_ROW,
    TRIP_MONTH,
    QUALITY_FLAGS,
    _zone("pickup", "PULocationID", doc=_PICKUP_ZONE_DOC),
    _zone("dropoff", "DOLocationID", doc=_DROPOFF_ZONE_DOC),
    _SHARED,
    _LICENSE,
    _BASE,
    _ORIGIN,
    _AFFILIATED,
    _yes_no("shared_request_flag", "Whether the passenger agreed to share the ride."),
    _yes_no("shared_match_flag", "Whether the ride was shared with a passenger who booked separately."),
    _yes_no("access_a_ride_flag", "Whether the trip was on behalf of MTA's Access-A-Ride."),
    _yes_no("wav_request_flag", "Whether the passenger asked for a wheelchair-accessible vehicle."),
    _yes_no("wav_match_flag", "Whether the vehicle was wheelchair-accessible."),
    SOURCE_FILE,
)


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of the columns, in their order; every field is nullable."""
    import pyarrow as pa  # noqa: PLC0415 the settings load the datasets, and need no pyarrow

    return pa.schema([(column.name, pa.type_for_alias(column.kind.value.arrow)) for column in columns])
