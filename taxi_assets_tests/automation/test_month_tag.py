"""Which runs the queue keeps apart: those of one month of a dataset, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, DagsterRun

from taxi_assets.automation.month_tag import MONTH_TAG, MonthQueue, month_tag

ROOT = Path(__file__).parents[2]
JANUARY = {"dagster/partition": "2021-01-01"}


def _run(job: str, *assets: str, tags: dict[str, str] | None = None) -> DagsterRun:
    selection = frozenset(AssetKey(asset.split("/")) for asset in assets)
    return DagsterRun(job, asset_selection=selection or None, tags=JANUARY if tags is None else tags)


@pytest.mark.parametrize(
    ("run", "month"),
    [
        (_run("yellow_trips"), "yellow 2021-01"),
        (_run("__ASSET_JOB", "yellow/raw_trips", "yellow/clean_trips", "taxi_zones"), "yellow 2021-01"),
        (_run("__ASSET_JOB", "yellow/daily_trips"), "yellow 2021-01"),
        (_run("green_trips"), "green 2021-01"),
        (_run("yellow_trips", tags={"dagster/partition": "2021-02-01"}), "yellow 2021-02"),
        (_run("__ASSET_JOB", "yellow/raw_trips", "green/raw_trips"), "green+yellow 2021-01"),
        (_run("__ASSET_JOB", "mine/report"), "mine 2021-01"),
    ],
)
def test_a_run_is_tagged_with_its_dataset_and_month_whoever_asked_for_it(run: DagsterRun, month: str) -> None:
    assert month_tag(run) == {MONTH_TAG: month}


def test_a_run_without_a_month_waits_for_nobody() -> None:
    assert month_tag(_run("housekeeping", tags={})) == {}


@pytest.mark.parametrize("file", ["dagster.yaml", "deploy/dagster.yaml"])
def test_both_instances_run_one_month_of_a_dataset_at_a_time(file: str, tmp_path: Path) -> None:
    """What `dagster.yaml` says once the storage, which is Postgres in one of them, is left to its default."""
    text = re.sub(r"(?m)^storage:\n(?:[ #].*\n)+", "", (ROOT / file).read_text())
    (tmp_path / "dagster.yaml").write_text(text)
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert isinstance(instance.run_coordinator, MonthQueue)
        queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    [limit] = queue.tag_concurrency_limits
    assert limit == {"key": MONTH_TAG, "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
