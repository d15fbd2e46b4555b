"""Questions, each asked on its own and answered within seconds, whatever it meets: what a check-up is made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Literal

from taxi_assets.errors import TaxiError

SECONDS = 10.0


@dataclass(frozen=True)
class Finding:
    """What was found of one thing, and what to do about it. `off`: not set, and not needed; `warning`: may be meant."""

    state: Literal["ok", "warning", "problem", "off"]
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Question:
    """`about` names a thing; `ask` looks at it, and may raise: TaxiError with advice, or anything."""

    about: str
    ask: Callable[[], Finding]
    seconds: float = SECONDS


def ok(found: str) -> Finding:
    return Finding("ok", found)


def off(found: str) -> Finding:
    return Finding("off", found)


def warning(found: str, advice: str) -> Finding:
    return Finding("warning", found, advice)


def problem(found: str, advice: str) -> Finding:
    return Finding("problem", found, advice)


def findings(questions: Sequence[Question]) -> Iterator[tuple[str, Finding]]:
    """The answers in the order of the questions, which are asked all at once; one that takes too long is a problem."""
    started = time.monotonic()
    for question, answer in [(question, _asked(question)) for question in questions]:
        try:
            yield question.about, answer.get(timeout=max(0.0, started + question.seconds - time.monotonic()))
        except Empty:
            yield question.about, problem(f"No answer in {question.seconds:g} s.", "Is it slow, or out of reach?")


def _asked(question: Question) -> SimpleQueue[Finding]:
    """Where the answer will be. The thread is given up, not waited for, when the program ends."""
    answer: SimpleQueue[Finding] = SimpleQueue()
    Thread(target=lambda: answer.put(_answer(question)), daemon=True).start()
    return answer


def _answer(question: Question) -> Finding:
    try:
        return question.ask()
    except TaxiError as error:
        return problem(error.cause, error.advice)
    except Exception as error:  # noqa: BLE001 whatever it is, it is the finding
        return problem(f"{type(error).__name__}: {error}".strip(), "")
