"""All definitions as text, so that a change of any name, dependency or schedule shows in the diff of one file.

`python -m taxi_assets_tests.definitions_snapshot` renews definitions_snapshot.json, which test_definitions_snapshot.py
compares with the definitions of the default settings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dagster import AssetCheckKey, AssetKey, AutomationCondition, RepositoryDefinition

from taxi_assets.build import build_definitions
from taxi_assets.settings import Settings

FILE = Path(__file__).with_name("definitions_snapshot.json")
_LIST = re.compile(r"\[\s+([^][{}]*?)\s+\]")
"""A list of texts over several lines; in the snapshot it is one line."""
_LINE_END = re.compile(r"\n\s+")


def snapshot() -> str:
    """The definitions of the default settings as sorted JSON, which does not depend on the machine or the date."""
    repository = build_definitions(Settings()).get_repository_def()
    parts = {
        "assets": _assets(repository),
        "checks": _checks(repository),
        "jobs": _jobs(repository),
        "schedules": _schedules(repository),
        "sensors": _sensors(repository),
        "resources": _resources(repository),
    }
    text = json.dumps(parts, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return _LIST.sub(lambda found: f"[{_LINE_END.sub(' ', found[1])}]", text)


def _assets(repository: RepositoryDefinition) -> dict[str, Any]:
    graph = repository.asset_graph
    found = {}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        condition, freshness = node.automation_condition, node.assets_def.specs_by_key[key].freshness_policy
        found[key.to_user_string()] = {
            "deps": _names(node.parent_keys),
            "kinds": sorted(node.kinds),
            "group": node.group_name,
            "partitions": str(node.partitions_def) if node.partitions_def else None,
            "io_manager": node.io_manager_key if node.is_materializable else None,
            "resources": sorted(node.assets_def.required_resource_keys),
            "code_version": node.code_version,
            "owners": sorted(node.owners),
            "tags": {name: value for name, value in node.tags.items() if not name.startswith("dagster/kind/")},
            "automation_conditions": list(dict.fromkeys(_labels(condition))) if condition else [],
            "freshness": str(freshness) if freshness else None,
        }
    return found


def _labels(condition: AutomationCondition[Any]) -> Iterator[str]:
    """The labels of a condition and of those that it consists of, from the outside in."""
    if label := condition.get_label():
        yield label
    for child in condition.children:
        yield from _labels(child)


def _checks(repository: RepositoryDefinition) -> dict[str, Any]:
    graph = repository.asset_graph
    return {_check_name(key): {"blocking": graph.get(key).blocking} for key in graph.asset_check_keys}


def _jobs(repository: RepositoryDefinition) -> dict[str, Any]:
    return {
        job.name: {
            "assets": _names(job.asset_layer.executable_asset_keys),
            "checks": _check_names(job.asset_layer.asset_graph.asset_check_keys),
            "partitions": str(job.partitions_def) if job.partitions_def else None,
            "tags": dict(job.tags),
        }
        for job in repository.get_all_jobs()
        # Dagster's own, of all assets.
        if not job.name.startswith("__")
    }


def _schedules(repository: RepositoryDefinition) -> dict[str, Any]:
    return {
        schedule.name: {
            "job": schedule.job_name,
            "cron": schedule.cron_schedule,
            "timezone": schedule.execution_timezone or "UTC",
            "default_status": schedule.default_status.value,
        }
        for schedule in repository.schedule_defs
    }


def _sensors(repository: RepositoryDefinition) -> dict[str, Any]:
    return {
        sensor.name: {
            "kind": sensor.sensor_type.value,
            "seconds": sensor.minimum_interval_seconds,
            "default_status": sensor.default_status.value,
            "jobs": sorted(target.job_name for target in sensor.targets),
            "assets": str(sensor.asset_selection) if sensor.asset_selection else None,
            "resources": sorted(sensor.required_resource_keys),
        }
        for sensor in repository.sensor_defs
    }


def _resources(repository: RepositoryDefinition) -> Mapping[str, str]:
    """The class of each resource by its key."""
    return {key: _class_of(resource) for key, resource in repository.get_top_level_resources().items()}


def _class_of(resource: Any) -> str:
    return str(getattr(resource, "configurable_resource_cls", type(resource)).__name__)


def _check_names(keys: Iterable[AssetCheckKey]) -> list[str]:
    return sorted(map(_check_name, keys))


def _check_name(key: AssetCheckKey) -> str:
    return f"{key.asset_key.to_user_string()}: {key.name}"


def _names(keys: Iterable[AssetKey]) -> list[str]:
    return sorted(key.to_user_string() for key in keys)


if __name__ == "__main__":
    FILE.write_text(snapshot(), encoding="utf-8")
