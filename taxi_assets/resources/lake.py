"""The lake folder as a resource."""

from pathlib import Path

from dagster import ConfigurableResource, InitResourceContext

from taxi_assets.destinations.lake.folder import Lake


class LakeFolder(ConfigurableResource[Lake]):
    """Gives the `Lake` in a folder of this machine to assets, checks and IO managers."""

    folder: str

    def create_resource(self, context: InitResourceContext | None = None) -> Lake:
        return Lake(Path(self.folder))
