"""The Definitions object that Dagster loads."""

from taxi_assets.bounds import bound_libraries

bound_libraries()  # comes before Arrow and NumPy are imported, which read the bounds when they are loaded

from taxi_assets.automation.tag_check import check_tags  # noqa: E402
from taxi_assets.build import build_definitions  # noqa: E402
from taxi_assets.settings import Settings  # noqa: E402

check_tags()
defs = build_definitions(Settings.from_env())
