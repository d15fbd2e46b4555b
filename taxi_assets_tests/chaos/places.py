"""What a reader finds of the month in every place, and all that lies there, leftovers included."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import psycopg
from filelock import FileLock, Timeout
from psycopg.sql import SQL, Identifier, Literal

from taxi_assets.atomic_files import sha256
from taxi_assets.build import WAREHOUSE_SCHEMA
from taxi_assets.destinations.descriptions import descriptions_of
from taxi_assets.destinations.gcs.object_names import object_names
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.destinations.postgres.table import PostgresTable
from taxi_assets.destinations.table_store import TableStore
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month

Found = Hashable
"""What a reader finds in a place: equal for equal rows or bytes. None where the place cannot be read just now."""
_ROWS = "SELECT count(*), sum(source_row), sum(hashtextextended(t::text, 0)) FROM {} t WHERE trip_month = {}"


@dataclass(frozen=True)
class LocalPlaces:
    """Lake, bucket folder, Postgres and DuckDB, as somebody reads them who knows nothing of the runs."""

    home: Path
    url: str
    schema: str
    dataset: Dataset

    @property
    def readers(self) -> Mapping[str, Callable[[Month], Found]]:
        """How each place is read."""
        return {
            "published file": self.published,
            "lake": self.lake_files,
            "bucket": self.bucket,
            "Postgres": self.postgres,
            "warehouse": self.warehouse,
            "marts": self.days,
        }

    @property
    def at_rest(self) -> Mapping[str, Callable[[Month], Found]]:
        """How each place is read that a month is whole in when no run is under way."""
        return self.readers

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.home / "lake")

    def published(self, month: Month) -> Found:
        """The hash of the published file; asks again where the month was replaced between the two looks."""
        for _ in range(3):
            with suppress(FileNotFoundError):
                publication = self.lake.publication(self.dataset, month)
                if publication is not None:
                    return sha256(publication.path)
        return "nothing"

    def lake_files(self, month: Month) -> Found:
        return sha256(self.lake.clean_file(self.dataset, month))

    def bucket(self, month: Month) -> Found:
        return sha256(self.home / "bucket" / object_names(self.dataset, month)[0])

    def postgres(self, month: Month) -> Found:
        """Rows and their hashes, clean and quarantined, by one statement."""
        clean, quarantine = (
            SQL(_ROWS).format(Identifier(self.schema, name), Literal(month.first_day))
            for name in (self.dataset.table, f"{self.dataset.table}_quarantine")
        )
        with psycopg.connect(self.url) as connection:
            return connection.execute(SQL("SELECT * FROM ({}) c, ({}) q").format(clean, quarantine)).fetchone()

    def warehouse(self, month: Month) -> Found:
        """The same in DuckDB; None while a run has the file."""
        month_of = f"WHERE t.trip_month = DATE '{month.key}'"
        rows = "SELECT count(*), sum(source_row), sum(hash(t)) FROM"
        clean, quarantine = (
            f"{rows} {WAREHOUSE_SCHEMA}.{name} t {month_of}"
            for name in (self.dataset.table, f"{self.dataset.table}_quarantine")
        )
        return self._ask_duckdb(f"SELECT * FROM ({clean}), ({quarantine})")  # noqa: S608 names of ours

    def days(self, month: Month) -> Found:
        """The days of the month in the mart; None while a run has the file."""
        where = f"WHERE t.trip_month = DATE '{month.key}' AND dataset = '{self.dataset.name}'"
        return self._ask_duckdb(
            f"SELECT count(*), sum(trips), sum(hash(t)) FROM {WAREHOUSE_SCHEMA}.daily_trips t {where}"  # noqa: S608
        )

    def _ask_duckdb(self, query: str) -> Found:
        try:
            # Keeping to the lock of the runs, so that they need not wait for the looks.
            with (
                FileLock(f"{self._duckdb}.lock", timeout=0),
                duckdb.connect(self._duckdb, read_only=True) as connection,
            ):
                return connection.execute(query).fetchone()
        except Timeout:
            return None
        except duckdb.IOException as error:
            if "Could not set lock" in str(error):
                return None
            raise

    @property
    def _duckdb(self) -> Path:
        return self.home / "warehouse.duckdb"

    def tables(self) -> list[TableStore]:
        """The tables whose checksums are compared with those of the clean month."""
        descriptions = descriptions_of(self.dataset)
        return [PostgresTable(self.url, self.schema, self.dataset.table, descriptions), self.warehouse_table()]

    def warehouse_table(self) -> TableStore:
        from taxi_assets.destinations.duckdb.table import DuckDBTable  # noqa: PLC0415 not where Google's is read

        return DuckDBTable(self._duckdb, WAREHOUSE_SCHEMA, self.dataset.table, descriptions_of(self.dataset))

    def everything(self, month: Month) -> frozenset[str]:
        """Every file, table, view and sequence there is, by its name; without the files of other months."""
        files = (
            str(path.relative_to(self.home))
            for path in self.home.rglob("*")
            if path.is_file() and ("trip_month=" not in str(path) or month.key in str(path))
        )
        relations = "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind <> 'i'"
        with psycopg.connect(self.url) as connection:
            names = [str(name) for (name,) in connection.execute(relations, (self.schema,)).fetchall()]
        return frozenset([*files, *(f"Postgres {name}" for name in names)])


def digest(values: object) -> str:
    """A short name for what was found, for people."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:8]
