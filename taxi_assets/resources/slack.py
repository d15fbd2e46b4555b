"""What people are told of a failed run, and how it is sent: a JSON message to a webhook, as Slack reads it.

Knows nothing of Dagster: `run_failure_sensor.py` reads off a run what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from taxi_assets.errors import TaxiError
from taxi_assets.publishers.http import RetryPolicy, TransientError, with_retries

SHOWN_FAILURES = 5
LONGEST_CAUSE = 1_500
"""Characters. Slack takes 3,000 in a block, after it has escaped them."""
RETRY_POLICY = RetryPolicy(connect=2.0, read=4.0, total=6.0, attempts=2, first_wait=0.5, longest_wait=1.0)
"""Dagster gives a tick of the sensor 60 s, and has it tell of up to five runs."""


@dataclass(frozen=True)
class StageFailure:
    """A stage of a run that failed: an asset or a check, by name; `retry` says whether trying again may help."""

    stage: str
    cause: str
    retry: str


@dataclass(frozen=True)
class Alert:
    """A run that failed: on what, where, and why. `month` may be several, or empty where there is none."""

    dataset: str
    month: str
    failures: Sequence[StageFailure]
    run_url: str

    @property
    def title(self) -> str:
        stages = ", ".join(failure.stage for failure in self._shown)
        return f"{' '.join(part for part in (self.dataset, self.month) if part)}: {stages} failed{self._more}"

    def payload(self) -> dict[str, Any]:
        """The message: all of it as `text`, for what shows no blocks, and the same as Slack's blocks."""
        causes = [f"{_shortened(failure.cause)} {failure.retry}".strip() for failure in self._shown]
        return {
            "text": _escaped("\n".join([self.title, *causes, self.run_url])),
            "blocks": [
                {"type": "header", "text": _plain(self.title[:150])},
                *(block for failure in self._shown for block in self._blocks(failure)),
                {"type": "section", "text": {"type": "mrkdwn", "text": f"<{self.run_url}|Open the run>"}},
            ],
        }

    @property
    def _shown(self) -> Sequence[StageFailure]:
        return self.failures[:SHOWN_FAILURES]

    @property
    def _more(self) -> str:
        hidden = len(self.failures) - SHOWN_FAILURES
        return f", and {hidden} more" if hidden > 0 else ""

    def _blocks(self, failure: StageFailure) -> list[dict[str, Any]]:
        facts = {"Dataset": self.dataset, "Month": self.month, "Stage": failure.stage, "Retry": failure.retry}
        return [
            {"type": "section", "fields": [_fact(name, value) for name, value in facts.items() if value]},
            # Plain: nothing in a cause, which may quote a published file, is read as a mention or a link.
            {"type": "section", "text": _plain(_shortened(failure.cause) or "No cause was recorded.")},
        ]


def send(alert: Alert, webhook: str, retry_policy: RetryPolicy = RETRY_POLICY) -> None:
    """Posts the alert to the webhook's URL, once more where the first try cannot have arrived.

    Raises TaxiError, which does not tell the URL: whoever knows it can post there.
    """
    with_retries(retry_policy, lambda _deadline, limits: _post(alert.payload(), webhook, limits))


def _post(payload: Mapping[str, Any], webhook: str, limits: RetryPolicy) -> None:
    status, trouble = _answer(payload, webhook, limits)
    # Raised out here: what requests raises names the URL, and would be kept with an error raised where it is caught.
    if trouble is requests.ReadTimeout:
        raise TaxiError("The webhook did not answer; the message may have arrived.", retry=True)
    if trouble is not None:
        raise TransientError(f"The webhook cannot be reached ({trouble.__name__}).")
    if status == 429 or status >= 500:
        raise TransientError(f"The webhook answered {status}.")
    if not 200 <= status < 300:
        raise TaxiError(f"The webhook answered {status}.")


def _answer(
    payload: Mapping[str, Any], webhook: str, limits: RetryPolicy
) -> tuple[int, type[requests.RequestException] | None]:
    """The status of the answer, or what kind of error there was instead."""
    try:
        # Not to another address than the one that was set. The answer's body stays unread.
        with requests.post(
            webhook, json=payload, timeout=(limits.connect, limits.read), allow_redirects=False, stream=True
        ) as response:
            return response.status_code, None
    except requests.RequestException as error:
        return 0, type(error)


def _shortened(cause: str) -> str:
    return cause if len(cause) <= LONGEST_CAUSE else f"{cause[:LONGEST_CAUSE]} …"


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _fact(name: str, value: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": f"*{name}*\n{_escaped(value)}"}


def _escaped(text: str) -> str:
    """With the three characters escaped that Slack reads as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
