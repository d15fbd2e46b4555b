"""A webhook on loopback that takes messages as Slack's do, and misbehaves on command."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Self

from taxi_assets_tests.servers.loopback import LoopbackHandler, LoopbackServer

SECRET = "canary-T0B1-x7Rq"  # noqa: S105 no secret of anybody's


@dataclass(frozen=True)
class Answer:
    """How a message is answered: with a status, after so many seconds, and whether it counts as taken."""

    status: int = 200
    seconds: float = 0.0
    location: str = ""


@dataclass
class Webhook:
    """Takes what is posted to `url`, whose path is a secret as Slack's is."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    """The answers to the next messages; when they are used up, all is well."""

    def __post_init__(self) -> None:
        webhook = self

        class Handler(LoopbackHandler):
            server: LoopbackServer

            def answer(self) -> None:
                webhook.paths.append(f"{self.command} {self.path}")
                webhook.messages.append(json.loads(self.read_body()))
                answer = webhook.answers.pop(0) if webhook.answers else Answer()
                self.server.stopping.wait(answer.seconds)
                self.reply(answer.status, b"ok", [("Location", answer.location)] if answer.location else [])

        self._server = LoopbackServer(Handler)
        self.url = f"{self._server.url}/services/{SECRET}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
