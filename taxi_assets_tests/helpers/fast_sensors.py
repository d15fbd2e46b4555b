"""The project's definitions with sensors that look every second: what the tests with a daemon load."""

from taxi_assets.build import build_definitions
from taxi_assets.settings import Settings

defs = build_definitions(Settings.from_env(), sensor_seconds=1)
