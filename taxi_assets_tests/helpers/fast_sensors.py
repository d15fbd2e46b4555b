"""The project's definitions with sensors that tick every second, for tests with a daemon."""

from taxi_assets import Settings, bound_libraries, build_definitions

bound_libraries()

defs = build_definitions(Settings.from_env(), sensor_seconds=1)
