"""The one kind of error that users are meant to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

RETRY_HINTS: Final = {True: "A retry may help.", False: "A retry will not help."}
"""How a failure's text ends, by whether trying again may help."""


class TaxiError(Exception):
    """Something went wrong that a person can act on.

    `cause` says what happened, `advice` what to do, `retry` whether trying again may help. Which dataset, month and
    asset it happened to is added where the error leaves the pure code (`io_managers/base.py`).
    """

    def __init__(self, cause: str, advice: str = "", *, retry: bool = False) -> None:
        super().__init__(f"{cause} {advice}".strip())
        self.cause = cause
        self.advice = advice
        self.retry = retry


class NotPublishedError(TaxiError):
    """The publisher works but has no file for the month."""


class BlockedError(TaxiError):
    """The publisher refuses us, known-good months included."""


class CorruptFileError(TaxiError):
    """The publisher's answer is not the file it should be."""


class MissingTableError(TaxiError):
    """A table that a query needs is not there; `tables` names those that are missing, where that is known."""

    def __init__(self, cause: str, tables: Sequence[str] = (), advice: str = "") -> None:
        super().__init__(cause, advice)
        self.tables = tuple(tables)


class MissingObjectError(TaxiError):
    """An object that should be in a bucket is not there."""


class ContractError(TaxiError):
    """A published file breaks the contract of its dataset: a column missing, or values that its type cannot hold."""


def message_of(error: BaseException) -> str:
    """What a library's error says, without the full stop that some of them end with."""
    return str(error).strip().rstrip(".")
