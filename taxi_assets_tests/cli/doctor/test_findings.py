"""Each question is answered within its time, whatever the others do."""

from __future__ import annotations

import os
from threading import Event

import pytest

from taxi_assets.cli.doctor.findings import SECONDS, Finding, Question, findings, ok, problem, usual_wait
from taxi_assets.errors import TaxiError


def _raise(error: Exception) -> Question:
    def ask() -> Finding:
        raise error

    return Question("broken", ask)


def test_answers_come_in_the_order_of_the_questions() -> None:
    second_was_asked = Event()

    def second() -> Finding:
        second_was_asked.set()
        return ok("2")

    asked = [Question("first", lambda: ok(str(second_was_asked.wait(30)))), Question("second", second)]
    assert list(findings(asked, seconds=60)) == [("first", ok("True")), ("second", ok("2"))]


def test_one_that_fails_does_not_stop_the_rest() -> None:
    asked = [
        _raise(TaxiError("It is broken.", "Mend it.")),
        _raise(KeyError("name")),
        Question("fine", lambda: ok("fine")),
    ]
    assert [finding for _, finding in findings(asked, seconds=60)] == [
        problem("It is broken.", "Mend it."),
        problem("KeyError: 'name'", ""),
        ok("fine"),
    ]


def test_one_that_never_answers_is_given_up() -> None:
    never = Event()
    asked = [Question("slow", lambda: ok(str(never.wait())), patience=0.01), Question("fine", lambda: ok("fine"))]
    found = dict(findings(asked, seconds=60))
    never.set()
    assert (found["slow"].state, found["slow"].found) == ("problem", "No answer in 0.6 s.")
    assert "--wait 360 " in found["slow"].advice
    assert found["fine"] == ok("fine")


@pytest.mark.parametrize(("load", "times"), [(0.0, 1.0), (1.0, 1.0), (4.5, 4.5), (1_000.0, 12.0)])
def test_a_busy_machine_is_given_as_much_longer_as_it_is_busier(
    monkeypatch: pytest.MonkeyPatch, load: float, times: float
) -> None:
    cores = os.cpu_count() or 1
    monkeypatch.setattr(os, "getloadavg", lambda: (load * cores, 0.0, 0.0))
    assert usual_wait() == pytest.approx(SECONDS * times)
