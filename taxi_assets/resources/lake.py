"""The lake folder as a resource."""

from pathlib import Path

from dagster import ConfigurableResource

from taxi_assets.destinations.lake.folder import Lake


class LakeFolder(ConfigurableResource[Lake]):
    """The folder on this machine that holds raw, clean and quarantined months."""

    folder: str

    @property
    def lake(self) -> Lake:
        return Lake(Path(self.folder))
