"""What one can rely on in the locks: installed without resolving, they hold all that is needed and no surprise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from taxi_assets_tests.locks import DEV, PLATFORMS, PYTHONS, RUN, TEST, Platform, entries, environment, pinned

BIGQUERY = Path(__file__).parent / "servers" / "bigquery.lock"


@pytest.mark.parametrize("lock", [RUN, TEST, DEV, BIGQUERY], ids=lambda lock: lock.name)
def test_every_line_pins_one_version_with_hashes_and_names_no_index_and_no_extras(lock: Path) -> None:
    text = lock.read_text()
    for entry in entries(lock):
        assert re.fullmatch(r"==[^,*]+", str(entry.specifier)), f"{entry.name} is not pinned"
        # pip resolves a line with extras though it should not: it takes a newer release for the plain name.
        assert not entry.extras, f"{entry.name} is locked with extras"
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(line.startswith("    --hash=sha256:") or line.endswith("\\") for line in lines)
    assert "://" not in text
    assert "index" not in text


@pytest.mark.parametrize(("above", "below"), [(TEST, RUN), (DEV, RUN), (DEV, TEST)], ids=["test", "dev", "dev-test"])
def test_a_lock_on_top_of_another_changes_none_of_its_versions(above: Path, below: Path) -> None:
    for platform in PLATFORMS:
        values = environment(platform, "3.12")
        upper, lower = pinned([above], values), pinned([below], values)
        assert {name: upper[name] for name in upper.keys() & lower.keys()} == {
            name: lower[name] for name in upper.keys() & lower.keys()
        }


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
def test_every_requirement_of_every_locked_package_is_locked_too(platform: Platform, python: str) -> None:
    values = environment(platform, python)
    locked = pinned([RUN, TEST], values)
    wanted = [Requirement(line) for line in requires("taxi-assets") or ()]
    ours = [each for each in wanted if each.marker is None or each.marker.evaluate({**values, "extra": "local"})]
    lacking = [need for need in _closure(ours, values) if not _is_met(need, locked)]
    assert lacking == []


def _closure(needs: list[Requirement], values: dict[str, str]) -> Iterator[Requirement]:
    """The needs and, as installed packages declare them, those of what they name; each package and extra once."""
    seen: set[tuple[str, str]] = set()
    while needs:
        need = needs.pop()
        yield need
        for extra in ("", *need.extras):
            if (need.name, extra) not in seen:
                seen.add((need.name, extra))
                needs += _needs_of(need.name, {**values, "extra": extra})


def _needs_of(name: str, values: dict[str, str]) -> list[Requirement]:
    return [need for need in _declared(name) if need.marker is None or need.marker.evaluate(values)]


@cache
def _declared(name: str) -> list[Requirement]:
    try:
        return [Requirement(line) for line in requires(name) or ()]
    except PackageNotFoundError:  # needed elsewhere only: `python -m taxi_assets_tests.locks` asks the index
        return []


def _is_met(need: Requirement, locked: dict[str, str]) -> bool:
    version = locked.get(canonicalize_name(need.name))
    return version is not None and need.specifier.contains(version, prereleases=True)
