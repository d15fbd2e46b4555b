"""The zone lookup as a table in a database, and views of trips with the names of their zones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Generic, TypeVar

from taxi_assets.destinations.sql import Dialect
from taxi_assets.destinations.zone_view import zone_view_name, zone_view_select
from taxi_assets.errors import MissingTableError
from taxi_assets.model.zones import TABLE, Zone

Connection = TypeVar("Connection")
ZoneRow = tuple[int, str | None, str | None, str | None]


class ZoneTable(ABC, Generic[Connection]):
    """The table taxi_zones beside the tables of trips; a subclass says how its database is opened, read and changed."""

    database: ClassVar[str]
    dialect: ClassVar[Dialect]

    def replace(self, zones: Sequence[Zone]) -> str:
        """Makes the zones the table's only rows; returns the table's name. Readers see the old zones or the new ones.

        Raises TaxiError when the database cannot be used.
        """
        rows = [zone.values() for zone in zones]
        with self._opened(TABLE) as connection:
            # The lookup hardly ever changes, and every month's run comes by here.
            if self._stored(connection) != rows:
                self._write(connection, rows)
        return self._full_name(TABLE)

    def rows(self) -> list[Zone]:
        """The zones in the table, by id; none when there is no table. Raises TaxiError as `replace` does."""
        with self._opened(TABLE, read_only=True) as connection:
            return [Zone(*row) for row in self._stored(connection)]

    def join(self, name: str) -> str:
        """Makes the view that joins the table of trips `name` with the zones; returns the view's name.

        The view has all columns that the table has now; it is only touched when it lacks one. Raises
        MissingTableError when a table is missing, or TaxiError as `replace` does.
        """
        view = zone_view_name(name)
        with self._opened(view) as connection:
            columns = {table: self._columns(connection, table) for table in (TABLE, name)}
            missing = [table for table in columns if not columns[table]]
            if missing:
                raise MissingTableError(
                    f"{self.database} has no table {' and no table '.join(map(self._full_name, missing))}.", missing
                )
            if not set(columns[name]) <= set(self._columns(connection, view)):
                trips, zones = self._quoted(name), self._quoted(TABLE)
                select = zone_view_select(trips, zones, columns[name], self.dialect.quoted)
                self._make_view(connection, view, select)
        return self._full_name(view)

    def _stored(self, connection: Connection) -> list[ZoneRow]:
        return self._read(connection) if self._columns(connection, TABLE) else []

    @abstractmethod
    def _full_name(self, name: str) -> str:
        """The name of a table or view with those of its schema and database, for people."""

    @abstractmethod
    def _quoted(self, name: str) -> str:
        """The name of a table or view, for SQL."""

    @abstractmethod
    def _opened(self, name: str, *, read_only: bool = False) -> AbstractContextManager[Connection]:
        """The database, opened to read or to change the table or view `name`; changes are kept when nothing fails.

        Writers wait for each other. Raises TaxiError for the database's own errors.
        """

    @abstractmethod
    def _columns(self, connection: Connection, name: str) -> list[str]:
        """The columns of a table or view, in their order; none when it does not exist."""

    @abstractmethod
    def _read(self, connection: Connection) -> list[Any]:
        """The rows of the table taxi_zones, which exists, as tuples by id."""

    @abstractmethod
    def _write(self, connection: Connection, rows: Sequence[ZoneRow]) -> None:
        """Makes the table taxi_zones, with comments on its columns, where it is missing; replaces its rows."""

    @abstractmethod
    def _make_view(self, connection: Connection, name: str, select: str) -> None:
        """Makes or replaces a view."""
