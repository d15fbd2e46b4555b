"""Each question is answered within its time, whatever the others do."""

from __future__ import annotations

from threading import Event

from taxi_assets.cli.doctor.findings import Finding, Question, findings, ok, problem
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
