"""The Definitions object that Dagster loads."""

from taxi_assets.bounds import bound_libraries

bound_libraries()  # comes before Arrow and NumPy are imported, which read the bounds when they are loaded

from taxi_assets.build import build_definitions  # noqa: E402
from taxi_assets.settings import Settings  # noqa: E402

defs = build_definitions(Settings.from_env())
