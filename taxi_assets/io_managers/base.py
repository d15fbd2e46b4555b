"""What the IO managers of months share: which month of which dataset they handle, and errors that say so."""

import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, ClassVar

from dagster import (
    ConfigurableIOManager,
    InputContext,
    OutputContext,
)

from taxi_assets.asset_keys import BQ_TABLE
from taxi_assets.destinations.table_store import TableStore
from taxi_assets.destinations.warehouse_month import WarehouseMonth
from taxi_assets.destinations.zone_table import ZoneTable
from taxi_assets.errors import MissingTableError
from taxi_assets.failures import failures_named, title_of
from taxi_assets.io_managers.loading import load_as
from taxi_assets.metadata.numbers import ROW_COUNT, speed_metadata
from taxi_assets.metadata.places import table_metadata
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.made_up import is_allowed, is_made_up, refuse_outside, refuse_replacing
from taxi_assets.model.months import Month
from taxi_assets.model.zones import TABLE as ZONES
from taxi_assets.model.zones import Zone
from taxi_assets.partitions import dataset_of, month_of
from taxi_assets.progress import report_progress
from taxi_assets.transform.month_file import MonthFiles


class MonthIOManager(ConfigurableIOManager):
    """Writes and reads one month of one dataset; a subclass says where."""

    @abstractmethod
    def write(self, dataset: Dataset, month: Month, value: Any, context: OutputContext) -> Mapping[str, Any]:
        """Makes `value` the only copy of the month; returns metadata for the materialization."""

    @abstractmethod
    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        """The month as the type that the downstream asset's annotation asks for."""

    @abstractmethod
    def count(self, dataset: Dataset, month: Month) -> int:
        """The number of the month's rows here; 0 when there is no such month."""

    @abstractmethod
    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        """The command that a person types, or the path to open, to look at the month here; quoted for a shell."""

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        dataset, month, title = dataset_of(context), month_of(context), title_of(context)
        started = time.monotonic()
        with failures_named(context), report_progress(context.log.info, title):
            facts = self.write(dataset, month, obj, context)
        seconds = time.monotonic() - started
        context.add_output_metadata({**facts, **_speed(facts, seconds)})
        context.log.info(f"{title}: {_summary(facts)} in {seconds:.1f} s")

    def load_input(self, context: InputContext) -> object:
        dataset, month = dataset_of(context), month_of(context)
        with failures_named(context), report_progress(context.log.info, title_of(context)):
            return self.read(dataset, month, context.dagster_type.typing_type)


class CopyIOManager(MonthIOManager):
    """Keeps copies of the clean month; a made-up month never replaces a published one.

    `closed_to_sample`: the setting that names this place, if made-up months may not go here at all.
    """

    closed_to_sample: str = ""

    @abstractmethod
    def source_file(self, dataset: Dataset, month: Month) -> str | None:
        """The published file that the month here is from; None when there is no such month. Raises TaxiError."""

    def handle_output(self, context: OutputContext, obj: MonthFiles) -> None:
        if is_made_up(obj.clean.source_file()) and not is_allowed(context.step_context.run_config):
            with failures_named(context), report_progress(context.log.info, title_of(context)):
                refuse_outside(filter(None, [self.closed_to_sample]))
                there = self.source_file(dataset_of(context), month_of(context))
                refuse_replacing([there] if there and not is_made_up(there) else [], "this place")
        super().handle_output(context, obj)


class TableIOManager(CopyIOManager):
    """Months in a database, where SQL joins them with the zone lookup; a subclass says how to open it.

    `storage_kind` is what Dagster's UI calls the database; `made_by` is the asset that is stored here.
    """

    storage_kind: ClassVar[str]
    made_by: ClassVar[str] = BQ_TABLE

    @abstractmethod
    def open_store(self, dataset: Dataset, run_id: str = "") -> AbstractContextManager[TableStore]:
        """The dataset's table, opened for the run `run_id`, if a run opens it. Raises TaxiError."""

    @abstractmethod
    def open_zones(self) -> AbstractContextManager[ZoneTable[Any]]:
        """The table taxi_zones, opened. Raises TaxiError."""

    @abstractmethod
    def table_name(self, dataset: Dataset) -> str:
        """The full name of the dataset's table, for people."""

    @abstractmethod
    def month_query(self, dataset: Dataset, month: Month) -> str:
        """The SELECT of the month's rows, for people to run."""

    def write(self, dataset: Dataset, month: Month, value: MonthFiles, context: OutputContext) -> Mapping[str, Any]:
        with self.open_store(dataset, context.run_id) as store:
            rows = store.replace_month(month, value)
            name, query = self.table_name(dataset), self.month_query(dataset, month)
            return {
                **table_metadata(self.storage_kind, name, rows, value.clean.size, query),
                **self.more_metadata(store, dataset, month, value),
            }

    def more_metadata(self, store: Any, dataset: Dataset, month: Month, files: MonthFiles) -> Mapping[str, Any]:
        """More metadata of the month that was just loaded; `store` is what `open_store` gave."""
        return {}

    def load_input(self, context: InputContext) -> object:
        value = super().load_input(context)
        if isinstance(value, WarehouseMonth):  # which asks the database later, in an asset or a check
            reported = report_progress(context.log.info, title_of(context))
            return replace(value, ask=reported(value.ask))
        return value

    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        with self._advised(), self.open_store(dataset) as store:
            rows = store.month(month)
            return load_as(
                wanted,
                {
                    "pandas.DataFrame": rows.frame,
                    "taxi_assets.Checksums": lambda: store.checksums(month),
                    "taxi_assets.WarehouseMonth": lambda: replace(rows, ask=self._advised()(rows.ask)),
                },
            )

    def count(self, dataset: Dataset, month: Month) -> int:
        with self.open_store(dataset) as store:
            return store.count(month)

    def source_file(self, dataset: Dataset, month: Month) -> str | None:
        with self.open_store(dataset) as store:
            return store.source_file(month)

    def zones(self) -> Sequence[Zone]:
        """The rows of the table taxi_zones; none when there is no table. Raises TaxiError."""
        with self.open_zones() as table:
            return table.rows()

    def replace_zones(self, zones: Sequence[Zone]) -> str:
        """Makes `zones` the only rows of the table taxi_zones; returns its name. Raises TaxiError."""
        with self.open_zones() as table:
            return table.replace(zones)

    def join_zones(self, dataset: Dataset) -> str:
        """Makes the view of the dataset's table with the names of its zones; returns its name. Raises TaxiError."""
        with self._advised(), self.open_zones() as table:
            return table.join(dataset.table)

    @contextmanager
    def _advised(self) -> Iterator[None]:
        """Adds to the error for a missing table which assets make it."""
        try:
            yield
        except MissingTableError as error:
            makers = [ZONES if table == ZONES else self.made_by for table in error.tables] or [self.made_by, ZONES]
            advice = f"Materialize {' and '.join(makers)} first."
            raise MissingTableError(error.cause, error.tables, advice) from error


def _speed(facts: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """How fast rows were written; nothing where rows or bytes are not known."""
    rows, size = facts.get(ROW_COUNT), facts.get("bytes", facts.get("loaded_bytes"))
    return {} if rows is None or size is None else speed_metadata(rows, size, seconds)


def _summary(facts: Mapping[str, Any]) -> str:
    numbers = {
        "raw_rows": "published",
        ROW_COUNT: "rows",
        "quarantined_rows": "quarantined",
        "bytes": "bytes",
    }
    return ", ".join(f"{facts[key]:,} {word}" for key, word in numbers.items() if key in facts) or "done"
