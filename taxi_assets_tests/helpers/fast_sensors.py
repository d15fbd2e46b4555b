"""The project's definitions with sensors that look every second: what the tests with a daemon load."""

from taxi_assets import Settings, bound_libraries, build_definitions

bound_libraries()

defs = build_definitions(Settings.from_env(), sensor_seconds=1)
