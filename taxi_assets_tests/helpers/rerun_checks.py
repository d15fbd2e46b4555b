"""How tests run the checks of an asset again, after something has changed."""

from __future__ import annotations

from dagster import AssetCheckEvaluation, AssetKey, AssetSelection, DagsterInstance, Definitions, define_asset_job

from taxi_assets.build import build_definitions
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import checks


def rerun_checks(settings: Settings, month: str, asset: str) -> dict[str, AssetCheckEvaluation]:
    """Runs the checks of an asset of green alone, without making the asset."""
    job = define_asset_job("again", AssetSelection.checks_for_assets(AssetKey(["green", asset])))
    definitions = Definitions.merge(build_definitions(settings), Definitions(jobs=[job]))
    with DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("again").execute_in_process(
            tags={"dagster/partition": Month.parse(month).key}, instance=instance, raise_on_error=False
        )
    return checks(result)
