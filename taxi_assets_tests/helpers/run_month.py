"""Runs a month in this process, and reads what became of it: rows by place, metadata, failures and checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dagster import AssetCheckEvaluation, AssetKey, DagsterInstance, ExecuteInProcessResult

from taxi_assets.build import build_definitions
from taxi_assets.cli.show import rows_by_place
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings


def run_month(
    settings: Settings,
    dataset: str,
    month: str,
    *,
    assets: Sequence[str] = (),
    raises: bool = True,
    config: Mapping[str, Mapping[str, Any]] | None = None,
) -> ExecuteInProcessResult:
    """Runs the dataset's job for one month in this process, with a history of its own; or only `assets` of it.

    `config`: the run config of assets, by their names. `raises`: whether a failed step is an error here.
    """
    job = build_definitions(settings).resolve_job_def(f"{dataset}_trips")
    with DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(
            partition_key=Month.parse(month).key,
            run_config={
                "ops": {f"{dataset}__{asset}": {"config": dict(mine)} for asset, mine in (config or {}).items()}
            },
            instance=instance,
            raise_on_error=raises,
            asset_selection=[AssetKey([dataset, name]) for name in assets] or None,
        )


def rows(settings: Settings, dataset: str, month: str) -> dict[str, int]:
    """Rows of the month in each place."""
    return {place: count for place, count, _ in rows_by_place(settings, DATASETS[dataset], Month.parse(month))}


def metadata(result: ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """The metadata values of an asset's materialization in a run, by key."""
    events = result.get_asset_materialization_events()
    [event] = [event for event in events if event.asset_key is not None and event.asset_key.path[-1] == asset]
    return {key: value.value for key, value in event.materialization.metadata.items()}


def failure(result: ExecuteInProcessResult, asset: str) -> str:
    """The message of an asset's failed step, as the UI shows it."""
    [event] = [event for event in result.all_events if event.is_step_failure and asset in (event.step_key or "")]
    error = event.step_failure_data.error
    return error.message if error else ""


def checks(result: ExecuteInProcessResult) -> dict[str, AssetCheckEvaluation]:
    """The checks of a run, as `asset check` → evaluation."""
    found = result.get_asset_check_evaluations()
    return {f"{check.asset_key.path[-1]} {check.check_name}": check for check in found}
