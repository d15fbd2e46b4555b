"""The message that people get of a failed run, and how it is delivered."""

from __future__ import annotations

import dataclasses
import json
import traceback
from collections.abc import Iterator

import pytest

from taxi_assets.errors import TaxiError
from taxi_assets.resources.slack import RETRY_POLICY, Alert, StageFailure, send
from taxi_assets_tests.servers.webhook import SECRET, Answer, Webhook

RUN = "http://127.0.0.1:3000/runs/f00"
FAILURE = StageFailure("raw_trips", "green 2020-04, raw_trips: the file is cut.", "A retry may help.")
ALERT = Alert("green", "2020-04", [FAILURE], RUN)
QUICK = dataclasses.replace(RETRY_POLICY, first_wait=0.01, longest_wait=0.02)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as webhook:
        yield webhook


def _texts(alert: Alert) -> str:
    """All that is shown by the blocks of a message."""
    return json.dumps(alert.payload()["blocks"])


def test_a_message_tells_dataset_month_stage_cause_retry_and_where_the_run_is() -> None:
    text = ALERT.payload()["text"]
    for part in ("green", "2020-04", "raw_trips", "the file is cut.", "A retry may help.", RUN):
        assert part in text
        assert part in _texts(ALERT)


def test_the_header_of_a_message_is_enough_to_know_where_to_look() -> None:
    header = ALERT.payload()["blocks"][0]
    assert header == {
        "type": "header",
        "text": {"type": "plain_text", "text": "green 2020-04: raw_trips failed", "emoji": False},
    }


def test_a_run_that_failed_in_several_places_is_one_message() -> None:
    failures = [FAILURE, StageFailure("check equals_clean_trips of bq_table", "rows: 1,999 and not 2,000", "")]
    text = Alert("green", "2020-04", failures, RUN).payload()["text"]
    assert text.startswith("green 2020-04: raw_trips, check equals_clean_trips of bq_table failed\n")
    assert "rows: 1,999" in text


def test_a_message_stays_within_what_slack_takes() -> None:
    """50 blocks; 150 characters in a header, 3,000 in a text, 2,000 in a field."""
    failures = [StageFailure(f"asset_{number}", "<&>" * 5_000, "") for number in range(60)]
    payload = Alert("green", "2020-04", failures, RUN).payload()
    assert len(payload["blocks"]) <= 50
    assert len(payload["blocks"][0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3_000 for block in payload["blocks"] if "text" in block)
    assert all(len(field["text"]) <= 2_000 for block in payload["blocks"] for field in block.get("fields", []))
    assert "and 55 more" in payload["text"]
    assert len(payload["text"]) < 40_000


def test_what_a_published_file_says_cannot_call_the_whole_channel() -> None:
    failure = StageFailure("clean_trips", "column <!channel> & <https://evil.example|here>", "")
    payload = Alert("green", "2020-04", [failure], RUN).payload()
    assert "<!channel>" not in payload["text"]
    shown = [block["text"] for block in payload["blocks"] if "text" in block and "channel" in block["text"]["text"]]
    assert [text["type"] for text in shown] == ["plain_text"]


def test_a_message_arrives_once_as_json(webhook: Webhook) -> None:
    send(ALERT, webhook.url, QUICK)
    assert webhook.messages == [ALERT.payload()]
    assert webhook.paths == [f"POST /services/{SECRET}"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_webhook_that_is_busy_is_asked_again(webhook: Webhook, status: int) -> None:
    webhook.answers.append(Answer(status))
    send(ALERT, webhook.url, QUICK)
    assert len(webhook.messages) == 2


@pytest.mark.parametrize("status", [301, 400, 403, 404, 410])
def test_a_refusal_is_an_error_and_not_tried_again(webhook: Webhook, status: int) -> None:
    webhook.answers.append(Answer(status, location="http://127.0.0.1:1/elsewhere"))
    with pytest.raises(TaxiError, match=f"answered {status}"):
        send(ALERT, webhook.url, QUICK)
    assert len(webhook.messages) == 1


def test_a_webhook_that_stays_broken_is_given_up(webhook: Webhook) -> None:
    webhook.answers += [Answer(500)] * 9
    with pytest.raises(TaxiError, match="answered 500"):
        send(ALERT, webhook.url, QUICK)
    assert len(webhook.messages) == QUICK.attempts


def test_a_message_that_may_have_arrived_is_not_sent_again(webhook: Webhook) -> None:
    webhook.answers.append(Answer(seconds=30))
    with pytest.raises(TaxiError, match="may have arrived"):
        send(ALERT, webhook.url, dataclasses.replace(QUICK, read=0.2))
    assert len(webhook.messages) == 1


@pytest.mark.parametrize(
    "url",
    [
        f"http://127.0.0.1:1/services/{SECRET}",
        f"http://{SECRET}.invalid/",
        f"http://127.0.0.1:1/{SECRET}\n",
        f"http://user:{SECRET}@127.0.0.1:99999/",
        f"http://[{SECRET}/",
    ],
)
def test_no_error_tells_the_webhook_s_address(url: str) -> None:
    with pytest.raises(TaxiError) as raised:
        send(ALERT, url, QUICK)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
