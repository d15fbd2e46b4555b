"""Who cannot run is left out, or is an error; what was measured of all others is kept."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import measuring
from benchmarks.contestants import Contestant
from benchmarks.measuring import ContestantError, Measurement, measured
from benchmarks.months import MadeMonth
from benchmarks.rounds import Outcome, Run, run_rounds

MONTH = MadeMonth("yellow", "2021-01", 1_000, Path("mirror"), Path("mirror/month.csv.gz"))


def contestant(name: str, *, optional: bool = False, slow: bool = False) -> Contestant:
    targets = frozenset({"p1"})
    return Contestant(name=name, title=name, path="", command=[], targets=targets, env={}, optional=optional, slow=slow)


def rounds(entries: Sequence[Contestant], fails: dict[tuple[str, int], Exception], said: list[str]) -> Outcome:
    """Two rounds after a warm-up, in which some runs fail: by name and number of the round, the warm-up's being 0."""

    def run(contestant: Contestant, month: MadeMonth, number: int) -> Run:
        if error := fails.get((contestant.name, number)):
            raise error
        return Run(contestant.name, month.title, number, Measurement(1, 1, 0, 1, 1))

    in_turns = [(each, MONTH) for each in entries]
    return run_rounds(run, in_turns, rounds=2, slow_rounds=1, warm_up=True, say=said.append)


def counted(outcome: Outcome) -> list[tuple[str, int]]:
    return [(run.contestant, run.round) for run in outcome.runs]


def test_all_run_in_turns_after_a_warm_up_and_slow_ones_only_in_the_first_round() -> None:
    said: list[str] = []
    outcome = rounds([contestant("a"), contestant("b", slow=True)], {}, said)
    assert counted(outcome) == [("a", 1), ("b", 1), ("a", 2)]
    assert outcome.absences == []
    assert [line.split()[0] for line in said] == ["warm-up", "round", "round", "round"]


def test_an_optional_one_that_does_not_run_is_left_out_with_a_word_and_not_asked_again() -> None:
    said: list[str] = []
    no_network = ContestantError("ended with 1: no network", "line\nno network")
    outcome = rounds([contestant("a"), contestant("other", optional=True)], {("other", 0): no_network}, said)
    assert counted(outcome) == [("a", 1), ("a", 2)]
    [left_out] = outcome.absences
    assert left_out.text == f"Left out: other, {MONTH.title}: ended with 1: no network"
    assert not left_out.error
    assert sum("other" in line for line in said) == 1


@pytest.mark.parametrize("error", [ContestantError("ended with 1: boom"), OSError("boom"), IndexError("boom")])
def test_one_of_ours_that_fails_is_an_error_and_all_figures_so_far_are_kept(error: Exception) -> None:
    outcome = rounds([contestant("ours"), contestant("b")], {("ours", 2): error}, [])
    assert counted(outcome) == [("ours", 1), ("b", 1), ("b", 2)]
    [failed] = outcome.absences
    assert failed.error
    assert failed.text.startswith("FAILED: ours")
    assert failed.cause.endswith("boom")


def _measured(program: str, tmp_path: Path) -> Measurement:
    return measured([sys.executable, "-c", program], tmp_path / "log", folder=tmp_path, env={})


def test_a_program_that_fails_is_quoted_by_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(ContestantError, match="first\nlast") as failure:
        _measured("import sys; print('first', file=sys.stderr); sys.exit('last\\n')", tmp_path)
    assert failure.value.cause == "ended with 1: last"


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContestantError, match="there is no no_such_loader"):
        measured(["no_such_loader"], tmp_path / "log", folder=tmp_path, env={})


def test_a_program_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "LIMIT_SECONDS", 0.2)
    with pytest.raises(ContestantError, match="stopped after"):
        _measured("import time; time.sleep(600)", tmp_path)
