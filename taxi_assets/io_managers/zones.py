"""The zone lookup in the databases that hold trips."""

import time
from collections.abc import Callable
from typing import TypeVar

from dagster import ConfigurableIOManager, InputContext, OutputContext, ResourceDependency

from taxi_assets.errors import MissingTableError, TaxiError
from taxi_assets.failures import failures_named, title_of
from taxi_assets.io_managers.base import TableIOManager
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.zones import TRUSTED, ZoneLookup
from taxi_assets.progress import report_progress

Result = TypeVar("Result")


class ZoneTables(ConfigurableIOManager):
    """Writes the lookup to the warehouse and to Postgres, and makes the views that join it with trips."""

    warehouse: ResourceDependency[TableIOManager]
    postgres: ResourceDependency[TableIOManager]

    def handle_output(self, context: OutputContext, obj: ZoneLookup) -> None:
        started = time.monotonic()
        with failures_named(context), report_progress(context.log.info, title_of(context)):
            tables = self._write(obj)
        context.add_output_metadata({"tables": ", ".join(tables), "seconds": round(time.monotonic() - started, 3)})
        context.log.info(f"{len(obj.zones)} zones in {' and '.join(tables)}")

    def load_input(self, context: InputContext) -> object:
        raise TaxiError("Zones are not loaded into assets.", "Join the table taxi_zones in SQL.")

    def with_zones_loaded(self, lookup: Callable[[], ZoneLookup], work: Callable[[], Result]) -> Result:
        """The result of `work`; if it misses a table, the zone lookup is written and `work` called once more.

        A dataset's assets may be materialized before taxi_zones, which belongs to all datasets.
        """
        try:
            return work()
        except MissingTableError:
            self._write(self.best(lookup()))
            return work()

    def best(self, lookup: ZoneLookup) -> ZoneLookup:
        """The lookup, or the one in the tables if its names are better: published names are never replaced by made-up
        ones, nor by none. Raises TaxiError.
        """
        if lookup.trust == TRUSTED:
            return lookup
        there = [place.zones() for place in (self.warehouse, self.postgres)]
        return lookup.or_better(ZoneLookup.from_table(zones) for zones in there if zones)

    def _write(self, lookup: ZoneLookup) -> list[str]:
        return [place.replace_zones(lookup.zones) for place in (self.warehouse, self.postgres)]

    def join(self, dataset: Dataset) -> list[str]:
        """Makes the dataset's views of trips with zones; returns their names. Raises TaxiError."""
        return [place.join_zones(dataset) for place in (self.warehouse, self.postgres)]
