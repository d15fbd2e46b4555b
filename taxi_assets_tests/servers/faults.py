"""Which requests a server treats badly, and how often. What "badly" means is each server's own affair."""

import re
import threading
from dataclasses import dataclass
from typing import Generic, TypeVar

Action = TypeVar("Action")


@dataclass
class _Rule(Generic[Action]):
    action: Action
    method: str | None
    path: re.Pattern[str]
    times: int
    skip: int


class Faults(Generic[Action]):
    """Rules in the order in which they were added; each is used up after `times` requests."""

    def __init__(self) -> None:
        self._rules: list[_Rule[Action]] = []
        self._lock = threading.Lock()

    def add(self, action: Action, *, path: str = "", method: str | None = None, times: int = 1, skip: int = 0) -> None:
        """Applies `action` to the next `times` requests that match, after leaving `skip` of them alone.

        `path` is a regular expression searched for in the unquoted path and query; no `method` means any.
        """
        with self._lock:
            self._rules.append(_Rule(action, method, re.compile(path), times, skip))

    def take(self, method: str, path: str) -> Action | None:
        """Uses up one turn of the first rule that matches a request; None if none does."""
        with self._lock:
            for rule in self._rules:
                if rule.times < 1 or rule.method not in {None, method} or not rule.path.search(path):
                    continue
                if rule.skip:
                    rule.skip -= 1
                    continue
                rule.times -= 1
                return rule.action
        return None

    def clear(self) -> None:
        """Forgets every rule."""
        with self._lock:
            self._rules.clear()
