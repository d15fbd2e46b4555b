"""The preconditions of Google's JSON API for objects, which fake-gcs-server heeds on uploads only."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

OBJECT = re.compile(
    r"(?:/download)?/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)"
    r"(?P<verb>/compose|/(?:rewriteTo|copyTo)/b/(?P<to_bucket>[^/]+)/o/(?P<to_name>[^/]+))?"
)
UPLOAD = re.compile(r"/(?:resumable/)?upload/storage/v1/b/(?P<bucket>[^/]+)/o")
PART = re.compile(rb"\r?\n\r?\n(.*?)\r?\n--", re.DOTALL)

Metadata = dict[str, Any]
Lookup = Callable[[str, str], Metadata | None]


@dataclass(frozen=True)
class Request:
    """A request as it came in: `target` still quoted, the names of `headers` in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """The quoted path, without its query."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's parameters."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass(frozen=True)
class Response:
    """A whole response."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def error(cls, status: int, reason: str, message: str) -> "Response":
        """An error as Google's JSON APIs word it."""
        detail = {"domain": "global", "reason": reason, "message": message}
        body = {"error": {"code": status, "message": message, "errors": [detail]}}
        return cls(status, json.dumps(body).encode(), [("Content-Type", "application/json; charset=UTF-8")])


def uploaded_name(request: Request) -> str:
    """The name of the object that an upload is about: in the query, or in the metadata that it carries."""
    if name := request.query.get("name"):
        return name
    metadata = request.body
    if request.query.get("uploadType") == "multipart":
        part = PART.search(request.body)
        metadata = part.group(1) if part else b""
    return str(json.loads(metadata or b"{}").get("name", ""))


def refusal(request: Request, look_up: Lookup) -> Response | None:
    """The response to a request whose preconditions do not hold; None if they do."""
    if not any(name.startswith("if") or name == "generation" for name in request.query):
        return None
    if upload := UPLOAD.fullmatch(request.path):
        now = look_up(unquote(upload["bucket"]), uploaded_name(request))
        broken = _broken(request.query, "if", now)
    elif target := OBJECT.fullmatch(request.path):
        now = look_up(unquote(target["bucket"]), unquote(target["name"]))
        if now and request.query.get("generation", now["generation"]) != now["generation"]:
            return Response.error(404, "notFound", "No such object: an older generation was asked for.")
        broken = _broken_of_object(request.query, target, now, look_up)
    else:
        return None
    if broken is None:
        return None
    if broken.endswith("NotMatch") and request.method in {"GET", "HEAD"}:
        return Response(304)
    message = "At least one of the pre-conditions you specified did not hold."
    return Response.error(412, "conditionNotMet", message)


def _broken_of_object(
    query: Mapping[str, str], target: re.Match[str], now: Metadata | None, look_up: Lookup
) -> str | None:
    if target["to_name"]:
        destination = look_up(unquote(target["to_bucket"]), unquote(target["to_name"]))
        return _broken(query, "ifSource", now) or _broken(query, "if", destination)
    if now is None and target["verb"] is None:
        return None  # The server behind us answers 404, whatever the preconditions.
    return _broken(query, "if", now)


def _broken(query: Mapping[str, str], prefix: str, now: Metadata | None) -> str | None:
    """The first condition that does not hold; an object that does not exist has generation 0."""
    for number in ("generation", "metageneration"):
        current = int((now or {}).get(number, 0))
        match, no_match = f"{prefix}{number.title()}Match", f"{prefix}{number.title()}NotMatch"
        if match in query and int(query[match]) != current:
            return match
        if no_match in query and int(query[no_match]) == current:
            return no_match
    return None
