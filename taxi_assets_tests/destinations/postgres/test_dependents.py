"""What others have made on our tables stays: a load works beside it, or is refused at once in one clear text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from taxi_assets.destinations.postgres import table as postgres_table
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.destinations.postgres.zones import PostgresZones
from taxi_assets.errors import TaxiError
from taxi_assets.model.zones import read_zones
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.transform.checksums import ChecksumBuilder
from taxi_assets.transform.month_file import MonthFile
from taxi_assets_tests.destinations.month_files import FEBRUARY, JANUARY, month_files

TRIPS, MONTH = "yellow_taxi_trips", "yellow_taxi_trips_2021_01"
ZONES = read_zones(zone_lookup())


@pytest.fixture
def table(postgres_url: str, postgres_schema: str, tmp_path: Path) -> PostgresTable:
    """A table with a month of ten rows."""
    described = {"base": "A base.", "source_file": "The published file."}
    table = PostgresTable(postgres_url, postgres_schema, TRIPS, described)
    table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 10, quarantined=3))
    return table


@pytest.fixture
def others(postgres_url: str, postgres_schema: str) -> Iterator[psycopg.Connection]:
    """What somebody else does in the same schema."""
    with psycopg.connect(postgres_url, autocommit=True, options=f"-c search_path={postgres_schema}") as connection:
        yield connection


def _checksums(file: MonthFile) -> object:
    builder = ChecksumBuilder(frozenset(file.schema.names) - {"base", "source_file"})
    for batch in file.batches():
        builder.add(batch)
    return builder.checksums()


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (f"CREATE VIEW january AS SELECT * FROM {MONTH}", "view january"),  # noqa: S608
        (f"CREATE MATERIALIZED VIEW fares AS SELECT sum(fare_amount) FROM {MONTH}", "materialized view fares"),  # noqa: S608
        (f"CREATE VIEW bad AS SELECT * FROM {TRIPS}_quarantine_2021_01", "view bad"),  # noqa: S608
        (f"CREATE FUNCTION n() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM {MONTH}; END", "function n()"),  # noqa: S608
        (f"ALTER TABLE {MONTH} ENABLE ROW LEVEL SECURITY", "row-level security"),
        (f"CREATE POLICY few ON {MONTH} USING (fare_amount > 0)", f"policy few on table {MONTH}"),
        (
            f"CREATE TRIGGER touch BEFORE UPDATE ON {MONTH} FOR EACH ROW "
            "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            f"trigger touch on table {MONTH}",
        ),
    ],
)
@pytest.mark.fault(39)
def test_what_is_made_on_a_months_own_table_is_named_before_anything_is_copied(
    table: PostgresTable, others: psycopg.Connection, tmp_path: Path, statement: str, named: str
) -> None:
    others.execute(statement.encode())
    with pytest.raises(TaxiError, match="Postgres cannot replace the table") as raised:
        table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 20))
    assert named in raised.value.cause.replace(f"{table.schema}.", "")
    assert f'"{TRIPS}' in raised.value.advice
    assert not raised.value.retry
    assert table.count(JANUARY) == 10
    assert table.replace_month(FEBRUARY, month_files(tmp_path, FEBRUARY, 20)) == 20


@pytest.mark.fault(39)
def test_a_view_made_while_the_month_is_loaded_is_not_dropped_either(
    table: PostgresTable, others: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_table, "refuse_dependents", lambda *_: None)
    others.execute(f"CREATE VIEW january AS SELECT * FROM {MONTH}".encode())  # noqa: S608
    with pytest.raises(TaxiError, match=r"view \S*january depends on table") as raised:
        table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 20))
    assert not raised.value.retry
    assert others.execute("SELECT count(*) FROM january").fetchone() == (10,)


@pytest.mark.parametrize(
    "statement",
    [
        f"CREATE VIEW all_months AS SELECT * FROM {TRIPS}",  # noqa: S608
        f"CREATE MATERIALIZED VIEW fares AS SELECT sum(fare_amount) FROM {TRIPS}",  # noqa: S608
        f"ALTER TABLE {TRIPS} ADD COLUMN cents bigint GENERATED ALWAYS AS ((fare_amount * 100)::bigint) STORED",
        f"ALTER TABLE {TRIPS} ADD COLUMN origin text GENERATED ALWAYS AS (upper(source_file)) STORED",
        f"ALTER TABLE {TRIPS} ADD CONSTRAINT sane CHECK (fare_amount < 1e9)",
        f"ALTER TABLE {TRIPS} ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON {TRIPS} USING (false)",
        f"CREATE INDEX ON {TRIPS} (fare_amount)",
        f"CREATE TRIGGER touch BEFORE UPDATE ON {TRIPS} FOR EACH ROW "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ],
)
def test_what_is_made_on_the_table_itself_is_there_after_the_load_and_the_copies_are_equal(
    table: PostgresTable, others: psycopg.Connection, tmp_path: Path, statement: str
) -> None:
    others.execute(statement.encode())
    made = "SELECT count(*) FROM pg_depend"
    before = others.execute(made).fetchone()
    files = month_files(tmp_path, JANUARY, 20, quarantined=3)
    assert table.replace_month(JANUARY, files) == 20
    assert table.checksums(JANUARY) == _checksums(files.clean)
    assert others.execute(made).fetchone() == before
    table.replace_month(FEBRUARY, month_files(tmp_path, FEBRUARY, 30))
    if "origin" in statement:
        found = others.execute(f"SELECT origin, count(*) FROM {TRIPS} GROUP BY 1".encode()).fetchall()  # noqa: S608
        assert found == [("IT'S 1%.CSV", 50)]


def test_a_policy_that_would_hide_rows_from_us_is_said_and_not_taken_for_missing_rows(
    table: PostgresTable, others: psycopg.Connection, tmp_path: Path, postgres_schema: str
) -> None:
    role = Identifier(f"role_{postgres_schema}")
    others.execute(SQL("CREATE ROLE {}").format(role))
    try:
        others.execute(SQL("GRANT USAGE, CREATE ON SCHEMA {} TO {}").format(Identifier(table.schema), role))
        for name in (TRIPS, f"{TRIPS}_quarantine"):
            others.execute(SQL("ALTER TABLE {} OWNER TO {}").format(Identifier(name), role))
        others.execute(f"ALTER TABLE {TRIPS} ENABLE ROW LEVEL SECURITY".encode())
        others.execute(f"ALTER TABLE {TRIPS} FORCE ROW LEVEL SECURITY".encode())
        options = f"?options=-c%20role%3Drole_{postgres_schema}"
        url = table.url.replace("?", f"{options}&") if "?" in table.url else f"{table.url}{options}"
        with pytest.raises(TaxiError, match="row-level security policy") as raised:
            PostgresTable(url, table.schema, TRIPS, {}).count(JANUARY)
        assert not raised.value.retry
    finally:
        others.execute(SQL("DROP OWNED BY {} CASCADE").format(role))
        others.execute(SQL("DROP ROLE {}").format(role))


def test_what_is_granted_on_a_months_own_table_is_granted_on_the_next_one(
    table: PostgresTable, others: psycopg.Connection, tmp_path: Path
) -> None:
    others.execute(f"GRANT SELECT, UPDATE ON {MONTH} TO PUBLIC".encode())
    others.execute(f"GRANT SELECT ON {MONTH} TO pg_monitor WITH GRANT OPTION".encode())
    query = f"SELECT grantee::text, privilege_type, is_grantable FROM pg_class, aclexplode(relacl) WHERE relname = '{MONTH}'"  # noqa: S608,E501
    before = set(others.execute(query.encode()).fetchall())
    table.replace_month(JANUARY, month_files(tmp_path, JANUARY, 20))
    assert set(others.execute(query.encode()).fetchall()) == before
    assert len(before) > 3


@pytest.mark.parametrize("on_delete", ["NO ACTION", "CASCADE"])
@pytest.mark.fault(39)
def test_rows_of_others_that_refer_to_zones_stay_when_zones_change(
    table: PostgresTable, others: psycopg.Connection, on_delete: str
) -> None:
    zones = PostgresZones(table.url, table.schema)
    zones.replace(ZONES)
    others.execute(f"CREATE TABLE mine (zone smallint REFERENCES taxi_zones ON DELETE {on_delete})".encode())
    others.execute("INSERT INTO mine VALUES (1), (4)")
    renamed = [zone if zone.location_id != 4 else type(zone)(4, "Manhattan", "Alphabet", None) for zone in ZONES]
    zones.replace(renamed)
    assert zones.rows() == renamed
    zones.replace(renamed[:-1])
    assert zones.rows() == renamed[:-1]
    assert others.execute("SELECT zone FROM mine ORDER BY 1").fetchall() == [(1,), (4,)]


def test_a_zone_that_others_refer_to_is_not_removed_and_they_are_named(
    table: PostgresTable, others: psycopg.Connection
) -> None:
    zones = PostgresZones(table.url, table.schema)
    zones.replace(ZONES)
    others.execute("CREATE TABLE mine (zone smallint REFERENCES taxi_zones)")
    others.execute("INSERT INTO mine VALUES (1)")
    with pytest.raises(TaxiError, match='referenced from table "mine"') as raised:
        zones.replace(ZONES[1:])
    assert not raised.value.retry
    assert zones.rows() == list(ZONES)
