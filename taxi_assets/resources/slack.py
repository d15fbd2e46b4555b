"""The alert about a failed run, and how it is sent: a JSON message to a webhook, in Slack's format.

Independent of Dagster: `run_failure_sensor.py` finds out what happened in a run.
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
"""Characters. Slack accepts 3,000 in a block, counted after escaping."""
RETRY_POLICY = RetryPolicy(connect=2.0, read=4.0, total=6.0, attempts=2, first_wait=0.5, longest_wait=1.0)
"""Dagster gives a tick of the sensor 60 s, in which it reports up to five runs."""


@dataclass(frozen=True)
class StageFailure:
    """A stage that failed: `stage` is the name of an asset or a check; `retry` says whether a retry may help."""

    stage: str
    cause: str
    retry: str


@dataclass(frozen=True)
class Alert:
    """A run that failed, on what and why. `month` names one month or several; it is empty where there is none."""

    dataset: str
    month: str
    failures: Sequence[StageFailure]
    run_url: str

    @property
    def title(self) -> str:
        stages = ", ".join(failure.stage for failure in self._shown)
        return f"{' '.join(part for part in (self.dataset, self.month) if part)}: {stages} failed{self._more}"

    def payload(self) -> dict[str, Any]:
        """The message, twice: as `text`, for clients that show no blocks, and as Slack's blocks."""
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
            # As plain text: a cause may quote a published file, and nothing in it must become a mention or a link.
            {"type": "section", "text": _plain(_shortened(failure.cause) or "No cause was recorded.")},
        ]


def send(alert: Alert, webhook: str, retry_policy: RetryPolicy = RETRY_POLICY) -> None:
    """Posts the alert to the webhook's URL, and tries again only where the first message cannot have arrived.

    Raises TaxiError, which does not contain the URL: whoever knows it can post there.
    """
    with_retries(retry_policy, lambda _deadline, limits: _post(alert.payload(), webhook, limits))


def _post(payload: Mapping[str, Any], webhook: str, limits: RetryPolicy) -> None:
    status, trouble = _answer(payload, webhook, limits)
    # Raised here, not in an except clause: there the error of requests, which names the URL, would be its context.
    if trouble is requests.ReadTimeout:
        raise TaxiError("The webhook did not answer; the message may have arrived.", "Look whether it has.", retry=True)
    if trouble is not None:
        raise TransientError(f"The webhook cannot be reached ({trouble.__name__}).")
    if status == 429 or status >= 500:
        raise TransientError(f"The webhook answered {status}.")
    if not 200 <= status < 300:
        raise TaxiError(f"The webhook answered {status}.", "Is TAXI_ALERT_WEBHOOK right?")


def _answer(
    payload: Mapping[str, Any], webhook: str, limits: RetryPolicy
) -> tuple[int, type[requests.RequestException] | None]:
    """The HTTP status of the answer, or 0 and the type of the error that there was instead."""
    try:
        # Redirects are not followed: the message goes only to the address that was set. The answer's body is not read.
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
    """The text with the three characters escaped that Slack reads as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
