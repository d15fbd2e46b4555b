"""What the published files of each era look like: columns in file order with their types, line ends, stray fields.

Data only. The reader does not need it, because it finds columns by their names in the column table. The sample
publisher writes files by it, and the catalogue takes from it since when a column has been published. Sources: the
headers and first lines of all CSV files that TLC published, and the footers of the published Parquet files. TLC's CSV
ended with 2021-07: the CSV layouts of 2025 and 2026 show what the sample makes of the Parquet columns of that time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from taxi_assets.model.months import Month

FileFormat = Literal["csv.gz", "parquet"]


@dataclass(frozen=True)
class Layout:
    """The look of a dataset's published files from month `first` on, until the next layout of the same format.

    `columns` are pairs of published name and Arrow type, in file order. The other fields are about CSV: the header ends
    with CRLF, or in some eras with LF followed by an empty line (`blank_line`), and rows always end with CRLF; rows may
    have `stray_fields` empty fields more than the header; all fields may be `quoted`.
    """

    format: FileFormat
    first: Month
    columns: tuple[tuple[str, str], ...]
    blank_line: bool = False
    stray_fields: int = 0
    quoted: bool = False


_SHORT = {"i": "int64", "i4": "int32", "f": "double", "t": "timestamp[us]", "s": "string", "S": "large_string"}


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    """Turns `VendorID:i …` into pairs of name and Arrow type; `~` stands for a space."""
    pairs = (item.split(":") for item in text.split())
    return tuple((name.replace("~", " "), _SHORT.get(kind, kind)) for name, kind in pairs)


_YELLOW_2009 = """vendor_name:s Trip_Pickup_DateTime:{t} Trip_Dropoff_DateTime:{t} Passenger_Count:i Trip_Distance:f
    Start_Lon:f Start_Lat:f Rate_Code:f store_and_forward:f End_Lon:f End_Lat:f Payment_Type:s Fare_Amt:f surcharge:f
    mta_tax:f Tip_Amt:f Tolls_Amt:f Total_Amt:f"""
_YELLOW_2010 = """vendor_id:s {0}pickup_datetime:{t} {0}dropoff_datetime:{t} {0}passenger_count:i {0}trip_distance:f
    {0}pickup_longitude:f {0}pickup_latitude:f {0}rate_code:s {0}store_and_fwd_flag:s {0}dropoff_longitude:f
    {0}dropoff_latitude:f {0}payment_type:s {0}fare_amount:f {0}surcharge:f {0}mta_tax:f {0}tip_amount:f
    {0}tolls_amount:f {0}total_amount:f"""
_YELLOW_2015 = """VendorID:i tpep_pickup_datetime:t tpep_dropoff_datetime:t passenger_count:i trip_distance:f
    pickup_longitude:f pickup_latitude:f {0}:i store_and_fwd_flag:s dropoff_longitude:f dropoff_latitude:f
    payment_type:i fare_amount:f extra:f mta_tax:f tip_amount:f tolls_amount:f improvement_surcharge:f
    total_amount:f"""
_YELLOW_ZONES = """VendorID:{i} tpep_pickup_datetime:t tpep_dropoff_datetime:t passenger_count:{n} trip_distance:f
    RatecodeID:{n} store_and_fwd_flag:{s} PULocationID:{i} DOLocationID:{i} payment_type:i fare_amount:f extra:f
    mta_tax:f tip_amount:f tolls_amount:f improvement_surcharge:f total_amount:f"""
_GREEN_2013 = """VendorID:i lpep_pickup_datetime:t Lpep_dropoff_datetime:t Store_and_fwd_flag:s RateCodeID:i
    Pickup_longitude:f Pickup_latitude:f Dropoff_longitude:f Dropoff_latitude:f Passenger_count:i Trip_distance:f
    Fare_amount:f Extra:f MTA_tax:f Tip_amount:f Tolls_amount:f Ehail_fee:f {0} Total_amount:f Payment_type:i
    Trip_type~:i"""
_GREEN_ZONES = """VendorID:{i} lpep_pickup_datetime:t lpep_dropoff_datetime:t store_and_fwd_flag:{s} RatecodeID:{n}
    PULocationID:{i} DOLocationID:{i} passenger_count:{n} trip_distance:f fare_amount:f extra:f mta_tax:f tip_amount:f
    tolls_amount:f ehail_fee:{e} improvement_surcharge:f total_amount:f payment_type:{n} trip_type:{n}"""
_FHV_PARQUET = """dispatching_base_num:{s} pickup_datetime:t dropOff_datetime:t PUlocationID:{z} DOlocationID:{z}
    SR_Flag:{f} Affiliated_base_number:{s}"""
_FHV_2019 = "dispatching_base_num:s pickup_datetime:t {0}:t {1}locationID:i {2}locationID:i SR_Flag:i"
_FHVHV_PARQUET = """hvfhs_license_num:{s} dispatching_base_num:{s} originating_base_num:{s} request_datetime:t
    on_scene_datetime:t pickup_datetime:t dropoff_datetime:t PULocationID:{i} DOLocationID:{i} trip_miles:f
    trip_time:i base_passenger_fare:f tolls:f bcf:f sales_tax:f congestion_surcharge:f airport_fee:{a} tips:f
    driver_pay:f shared_request_flag:{s} shared_match_flag:{s} access_a_ride_flag:{s} wav_request_flag:{s}
    wav_match_flag:{w}"""

_YELLOW_2019 = _columns(_YELLOW_ZONES.format(i="i", n="i", s="s") + " congestion_surcharge:f")
_GREEN_2019 = _columns(_GREEN_ZONES.format(i="i", n="i", s="s", e="f") + " congestion_surcharge:f")
_CBD_FEE = ("cbd_congestion_fee", "double")
_AIRPORT_FEE = ("airport_fee", "double")
_SOURCE = ("request_source", "large_string")


def _yellow_parquet(congestion: str, airport: str) -> tuple[tuple[str, str], ...]:
    base = _YELLOW_ZONES.format(i="i", n="f", s="s")
    return _columns(f"{base} congestion_surcharge:{congestion} airport_fee:{airport}")


def _green_parquet(ehail: str, congestion: str) -> tuple[tuple[str, str], ...]:
    return _columns(f"{_GREEN_ZONES.format(i='i', n='f', s='s', e=ehail)} congestion_surcharge:{congestion}")


def _fhvhv_parquet(airport: str, wav_match: str) -> tuple[tuple[str, str], ...]:
    return _columns(_FHVHV_PARQUET.format(s="s", i="i", a=airport, w=wav_match))


_YELLOW_2023 = _columns(
    _YELLOW_ZONES.format(i="i4", n="i", s="S") + " congestion_surcharge:f Airport_fee:f",
)
_GREEN_2023 = _columns(_GREEN_ZONES.format(i="i4", n="i", s="S", e="f") + " congestion_surcharge:f")
_FHVHV_2023 = _columns(_FHVHV_PARQUET.format(s="S", i="i4", a="f", w="S"))
_2010_INDEX = ("__index_level_0__", "int64")

_YELLOW_CSV = (
    Layout("csv.gz", Month(2009, 1), _columns(_YELLOW_2009.format(t="t")), blank_line=True),
    Layout("csv.gz", Month(2010, 1), _columns(_YELLOW_2010.format("", t="t")), blank_line=True),
    Layout("csv.gz", Month(2014, 1), _columns(_YELLOW_2010.format("~", t="t")), blank_line=True),
    Layout("csv.gz", Month(2015, 1), _columns(_YELLOW_2015.format("RateCodeID"))),
    Layout("csv.gz", Month(2015, 7), _columns(_YELLOW_2015.format("RatecodeID"))),
    Layout("csv.gz", Month(2016, 7), _columns(_YELLOW_ZONES.format(i="i", n="i", s="s")), stray_fields=2),
    Layout("csv.gz", Month(2017, 1), _columns(_YELLOW_ZONES.format(i="i", n="i", s="s")), blank_line=True),
    Layout("csv.gz", Month(2019, 1), _YELLOW_2019),
    Layout("csv.gz", Month(2025, 1), (*_YELLOW_2019, _AIRPORT_FEE, _CBD_FEE)),
    Layout("csv.gz", Month(2026, 6), (*_YELLOW_2019, _AIRPORT_FEE, _CBD_FEE, ("request_source", "string"))),
)
_YELLOW_PARQUETS = (
    Layout("parquet", Month(2009, 1), _columns(_YELLOW_2009.format(t="s"))),
    Layout("parquet", Month(2010, 1), _columns(_YELLOW_2010.format("", t="s"))),
    Layout("parquet", Month(2010, 2), (*_columns(_YELLOW_2010.format("", t="s")), _2010_INDEX)),
    Layout("parquet", Month(2010, 4), _columns(_YELLOW_2010.format("", t="s"))),
    Layout("parquet", Month(2011, 1), _yellow_parquet("null", "null")),
    Layout("parquet", Month(2019, 1), _yellow_parquet("f", "null")),
    Layout("parquet", Month(2020, 8), _yellow_parquet("f", "f")),
    Layout("parquet", Month(2020, 10), _yellow_parquet("f", "null")),
    Layout("parquet", Month(2020, 11), _yellow_parquet("f", "f")),
    Layout("parquet", Month(2023, 2), _YELLOW_2023),
    Layout("parquet", Month(2025, 1), (*_YELLOW_2023, _CBD_FEE)),
    Layout("parquet", Month(2026, 6), (*_YELLOW_2023, _CBD_FEE, _SOURCE)),
)
_GREEN_CSV = (
    Layout("csv.gz", Month(2013, 8), _columns(_GREEN_2013.format("")), blank_line=True, stray_fields=2),
    Layout("csv.gz", Month(2015, 1), _columns(_GREEN_2013.format("improvement_surcharge:f")), stray_fields=2),
    Layout("csv.gz", Month(2015, 7), _columns(_GREEN_2013.format("improvement_surcharge:f"))),
    Layout("csv.gz", Month(2016, 1), _columns(_GREEN_2013.format("improvement_surcharge:f")), blank_line=True),
    Layout(
        "csv.gz",
        Month(2016, 7),
        _columns(_GREEN_ZONES.format(i="i", n="i", s="s", e="f")),
        blank_line=True,
        stray_fields=2,
    ),
    Layout("csv.gz", Month(2017, 1), _columns(_GREEN_ZONES.format(i="i", n="i", s="s", e="f")), True),
    Layout("csv.gz", Month(2019, 1), _GREEN_2019),
    Layout("csv.gz", Month(2025, 1), (*_GREEN_2019, _CBD_FEE)),
    Layout("csv.gz", Month(2026, 6), (*_GREEN_2019, _CBD_FEE, ("request_source", "string"))),
)
_GREEN_PARQUETS = (
    Layout("parquet", Month(2014, 1), _green_parquet("null", "null")),
    Layout("parquet", Month(2019, 1), _green_parquet("f", "f")),
    Layout("parquet", Month(2019, 9), _green_parquet("null", "f")),
    Layout("parquet", Month(2023, 2), _GREEN_2023),
    Layout("parquet", Month(2025, 1), (*_GREEN_2023, _CBD_FEE)),
    Layout("parquet", Month(2026, 6), (*_GREEN_2023, _CBD_FEE, _SOURCE)),
)
_FHV_CSV = (
    Layout("csv.gz", Month(2015, 1), _columns("Dispatching_base_num:s Pickup_date:t locationID:i")),
    Layout(
        "csv.gz",
        Month(2017, 1),
        _columns("Dispatching_base_num:s Pickup_DateTime:t DropOff_datetime:t PUlocationID:i DOlocationID:i"),
    ),
    Layout(
        "csv.gz",
        Month(2017, 7),
        _columns("Dispatching_base_num:s Pickup_DateTime:t DropOff_datetime:t PUlocationID:i DOlocationID:i SR_Flag:i"),
        quoted=True,
    ),
    Layout(
        "csv.gz",
        Month(2018, 1),
        _columns(
            """Pickup_DateTime:t DropOff_datetime:t PUlocationID:i DOlocationID:i SR_Flag:i Dispatching_base_number:s
            Dispatching_base_num:s"""
        ),
        quoted=True,
    ),
    Layout(
        "csv.gz",
        Month(2019, 1),
        _columns(_FHV_2019.format("dropOff_datetime", "PU", "DO") + " Affiliated_base_number:s"),
    ),
    Layout(
        "csv.gz",
        Month(2020, 1),
        (
            *_columns(_FHV_2019.format("dropoff_datetime", "PU", "DO").replace("location", "Location")),
            ("Affiliated_base_number", "string"),
        ),
    ),
)
_FHV_PARQUETS = (
    Layout("parquet", Month(2015, 1), _columns(_FHV_PARQUET.format(s="s", z="f", f="f"))),
    Layout("parquet", Month(2019, 3), _columns(_FHV_PARQUET.format(s="s", z="f", f="null"))),
    Layout("parquet", Month(2019, 5), _columns(_FHV_PARQUET.format(s="s", z="i", f="null"))),
    Layout("parquet", Month(2019, 7), _columns(_FHV_PARQUET.format(s="s", z="f", f="null"))),
    Layout("parquet", Month(2023, 2), _columns(_FHV_PARQUET.format(s="S", z="i", f="i"))),
)
_FHVHV_2019 = _columns(
    """hvfhs_license_num:s dispatching_base_num:s pickup_datetime:t dropoff_datetime:t PULocationID:i DOLocationID:i
    SR_Flag:i"""
)
_FHVHV_CSV = (
    Layout("csv.gz", Month(2019, 2), _FHVHV_2019),
    Layout(
        "csv.gz",
        Month(2021, 6),
        (*_FHVHV_2019[1:-1], ("SR_Flag", "string"), ("Affiliated_base_number", "string")),
    ),
)
_FHVHV_PARQUETS = (
    Layout("parquet", Month(2019, 2), _fhvhv_parquet("null", "null")),
    Layout("parquet", Month(2019, 4), _fhvhv_parquet("null", "s")),
    Layout("parquet", Month(2019, 7), _fhvhv_parquet("f", "s")),
    Layout("parquet", Month(2020, 4), _fhvhv_parquet("null", "s")),
    Layout("parquet", Month(2020, 5), _fhvhv_parquet("f", "s")),
    Layout("parquet", Month(2020, 10), _fhvhv_parquet("null", "s")),
    Layout("parquet", Month(2020, 11), _fhvhv_parquet("f", "s")),
    Layout("parquet", Month(2023, 2), _FHVHV_2023),
    Layout("parquet", Month(2025, 1), (*_FHVHV_2023, _CBD_FEE)),
)

YELLOW_LAYOUTS = (*_YELLOW_CSV, *_YELLOW_PARQUETS)
GREEN_LAYOUTS = (*_GREEN_CSV, *_GREEN_PARQUETS)
FHV_LAYOUTS = (*_FHV_CSV, *_FHV_PARQUETS)
FHVHV_LAYOUTS = (*_FHVHV_CSV, *_FHVHV_PARQUETS)
