"""The zone lookup in every place that has tables of trips."""

from dagster import ConfigurableIOManager, InputContext, OutputContext, ResourceDependency

from taxi_assets.datasets import Dataset
from taxi_assets.errors import TaxiError
from taxi_assets.io_managers.base import TableIOManager, explained
from taxi_assets.zones import ZoneLookup


class ZoneTables(ConfigurableIOManager):
    """Writes the lookup to the warehouse and to Postgres, where SQL joins it; makes the views that do."""

    warehouse: ResourceDependency[TableIOManager]
    postgres: ResourceDependency[TableIOManager]

    def handle_output(self, context: OutputContext, obj: ZoneLookup) -> None:
        with explained(context):
            tables = [place.replace_zones(obj.zones) for place in (self.warehouse, self.postgres)]
        context.add_output_metadata({"tables": ", ".join(tables)})
        context.log.info(f"{len(obj.zones)} zones in {' and '.join(tables)}")

    def load_input(self, context: InputContext) -> object:
        raise TaxiError("Zones are not loaded into assets.", "Join the table taxi_zones in SQL.")

    def join(self, dataset: Dataset) -> list[str]:
        """Makes the dataset's views of trips with zones; returns their names. Raises TaxiError."""
        return [place.join_zones(dataset) for place in (self.warehouse, self.postgres)]
