"""Nothing is renamed, added or taken away among the definitions unless the diff shows it."""

from __future__ import annotations

from taxi_assets_tests.definitions_snapshot import FILE, snapshot


def test_definitions_are_those_of_the_snapshot() -> None:
    renew = "if that is what was meant: python -m taxi_assets_tests.definitions_snapshot"
    assert snapshot().splitlines() == FILE.read_text(encoding="utf-8").splitlines(), renew
