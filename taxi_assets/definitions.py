"""The Definitions object that Dagster loads."""

from taxi_assets.build import build_definitions
from taxi_assets.settings import Settings

defs = build_definitions(Settings.from_env())
