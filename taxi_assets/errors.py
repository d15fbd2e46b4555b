"""The errors that users are meant to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

RETRY_HINTS: Final = {True: "A retry may help.", False: "A retry will not help."}
"""The last sentence of a failure's text, by whether a retry may help."""


class TaxiError(Exception):
    """An error that a person can act on.

    `cause` says what happened, `advice` what to do, `retry` whether a retry may help. The dataset, month and asset are
    added in `failures.py`, where the error reaches Dagster.
    """

    def __init__(self, cause: str, advice: str = "", *, retry: bool = False) -> None:
        super().__init__(f"{cause} {advice}".strip())
        self.cause = cause
        self.advice = advice
        self.retry = retry


class NotPublishedError(TaxiError):
    """The publisher answers, and has no file for the month."""


class BlockedError(TaxiError):
    """The publisher refuses our requests, for months that it is known to have too."""


class CorruptFileError(TaxiError):
    """What was downloaded is not the file that it should be."""


class MissingTableError(TaxiError):
    """A table that a query needs does not exist; `tables` names those that are missing, where that is known."""

    def __init__(self, cause: str, tables: Sequence[str] = (), advice: str = "") -> None:
        super().__init__(cause, advice)
        self.tables = tuple(tables)


class MissingObjectError(TaxiError):
    """An object that should be in a bucket is not there."""


class ContractError(TaxiError):
    """A published file breaks the contract of its dataset: a column missing, or values that its type cannot hold."""


def message_of(error: BaseException) -> str:
    """The text of a library's error, without the period that some end with."""
    return str(error).strip().rstrip(".")
