"""The project's definitions with sensors that tick every second, for tests with a daemon."""

from taxi_assets.build import build_definitions
from taxi_assets.settings import Settings

defs = build_definitions(Settings.from_env(), sensor_seconds=1)
