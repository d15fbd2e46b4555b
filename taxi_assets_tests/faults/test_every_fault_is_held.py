"""Every fault of docs/guarantees.md has a test with its number, and the page names the modules of those tests."""

from __future__ import annotations

from taxi_assets_tests.faults.held_by import PAGE, faults, markers, page


def test_the_faults_are_numbered_without_a_gap() -> None:
    assert [*faults()] == [*range(1, 41)]


def test_every_fault_has_a_test_with_its_number_and_no_test_has_another_number() -> None:
    assert {number for number, _, _ in markers()} == faults().keys()


def test_the_page_names_the_modules_that_hold_each_fault() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run python -m taxi_assets_tests.faults.held_by"
