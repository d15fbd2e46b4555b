"""What all IO managers of months share: which month of which dataset it is, and errors that say so."""

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from dagster import (
    ConfigurableIOManager,
    InputContext,
    OutputContext,
)

from taxi_assets.errors import TaxiError
from taxi_assets.failures import failures_named
from taxi_assets.metadata.numbers import ROW_COUNT, speed_metadata
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.made_up import is_allowed, is_made_up, refuse_outside, refuse_replacing
from taxi_assets.model.months import Month
from taxi_assets.model.zones import Zone
from taxi_assets.partitions import dataset_of, month_of
from taxi_assets.progress import report_progress
from taxi_assets.transform.month_file import MonthFiles


class MonthIOManager(ConfigurableIOManager):
    """Writes and reads one month of one dataset; children say where."""

    @abstractmethod
    def write(self, dataset: Dataset, month: Month, value: Any, context: OutputContext) -> Mapping[str, Any]:
        """Makes `value` the only copy of the month; returns metadata for the materialization."""

    @abstractmethod
    def read(self, dataset: Dataset, month: Month, wanted: type) -> object:
        """The month as the type that the downstream asset's annotation asks for."""

    @abstractmethod
    def count(self, dataset: Dataset, month: Month) -> int:
        """Rows of the month that are there; 0 when it is not."""

    @abstractmethod
    def inspect_command(self, dataset: Dataset, month: Month) -> str:
        """What a person types, or opens, to look at the month there."""

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        dataset, month = dataset_of(context), month_of(context)
        title = f"{dataset.name} {month}, {context.asset_key.path[-1]}"
        started = time.monotonic()
        with failures_named(context), report_progress(context.log.info, title):
            facts = self.write(dataset, month, obj, context)
        seconds = time.monotonic() - started
        context.add_output_metadata({**facts, **_speed(facts, seconds)})
        context.log.info(f"{title}: {_summary(facts)} in {seconds:.1f} s")

    def load_input(self, context: InputContext) -> object:
        dataset, month = dataset_of(context), month_of(context)
        with failures_named(context):
            return self.read(dataset, month, context.dagster_type.typing_type)


class CopyIOManager(MonthIOManager):
    """Copies of the clean month; a made-up month never takes the place of a published one.

    `closed_to_sample` is the setting that names the place, where made-up months may not go at all.
    """

    closed_to_sample: str = ""

    @abstractmethod
    def source_file(self, dataset: Dataset, month: Month) -> str | None:
        """The published file that the month there is from; None when there is no such month. Raises TaxiError."""

    def handle_output(self, context: OutputContext, obj: MonthFiles) -> None:
        if is_made_up(obj.clean.source_file()) and not is_allowed(context.step_context.run_config):
            with failures_named(context):
                refuse_outside(filter(None, [self.closed_to_sample]))
                there = self.source_file(dataset_of(context), month_of(context))
                refuse_replacing([there] if there and not is_made_up(there) else [], "this place")
        super().handle_output(context, obj)


class TableIOManager(CopyIOManager):
    """Months as tables in a database, where SQL joins them with the zone lookup."""

    @abstractmethod
    def zones(self) -> Sequence[Zone]:
        """The rows of the table taxi_zones; none when there is no table. Raises TaxiError."""

    @abstractmethod
    def replace_zones(self, zones: Sequence[Zone]) -> str:
        """Makes `zones` the only rows of the table taxi_zones; returns its name. Raises TaxiError."""

    @abstractmethod
    def join_zones(self, dataset: Dataset) -> str:
        """Makes the view of the dataset's table with the names of its zones; returns its name. Raises TaxiError."""


def wrong_type(wanted: type, offered: str) -> TaxiError:
    """The error for an annotation that an IO manager cannot serve."""
    return TaxiError(
        f"This asset cannot be loaded as {getattr(wanted, '__name__', wanted)}.",
        f"Annotate the input as {offered}.",
    )


def _speed(facts: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """How fast rows were written; nothing of what has none."""
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
