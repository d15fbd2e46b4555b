"""Questions, all asked at the same time, and their answers within a time limit: what a check-up is made of."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Literal

from taxi_assets.errors import TaxiError

SECONDS = 10.0
"""How long to wait for an answer. What goes over a network gives up sooner; this limit is for what does not."""
_MOST_PATIENCE = 12.0


@dataclass(frozen=True)
class Finding:
    """What was found, and what to do about it. `off`: not set, and not needed; `warning`: may be intended."""

    state: Literal["ok", "warning", "problem", "off"]
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Question:
    """`about` names the subject; `ask` finds the answer, and may raise: TaxiError with advice, or anything else.

    `patience` is how many times the usual limit to wait for the answer.
    """

    about: str
    ask: Callable[[], Finding]
    patience: float = 1.0


def ok(found: str) -> Finding:
    return Finding("ok", found)


def off(found: str) -> Finding:
    return Finding("off", found)


def warning(found: str, advice: str) -> Finding:
    return Finding("warning", found, advice)


def problem(found: str, advice: str) -> Finding:
    return Finding("problem", found, advice)


def usual_wait() -> float:
    """Seconds to wait for an answer: SECONDS, and as many times longer as the machine has more to do than cores."""
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return SECONDS * min(max(busy, 1.0), _MOST_PATIENCE)


def findings(questions: Sequence[Question], seconds: float = SECONDS) -> Iterator[tuple[str, Finding]]:
    """The answers in the order of the questions; one that takes longer than its limit is a problem."""
    started = time.monotonic()
    for question, answer in [(question, _asked(question)) for question in questions]:
        limit = seconds * question.patience
        try:
            yield question.about, answer.get(timeout=max(0.0, started + limit - time.monotonic()))
        except Empty:
            advice = f"Is it slow, or out of reach? taxi-assets doctor --wait {seconds * 6:.3g} waits longer."
            yield question.about, problem(f"No answer in {limit:.3g} s.", advice)


def _asked(question: Question) -> SimpleQueue[Finding]:
    """The queue that the answer will come by. Its thread ends with the program, answered or not."""
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
