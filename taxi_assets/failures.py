"""How an error becomes the failure of a step: with its month and asset, and whether Dagster should retry."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from dagster import (
    AssetExecutionContext,
    Backoff,
    DagsterExecutionInterruptedError,
    Failure,
    InputContext,
    Jitter,
    OutputContext,
    RetryPolicy,
)

from taxi_assets.errors import RETRY_HINTS, TaxiError, message_of
from taxi_assets.model.datasets import DATASETS
from taxi_assets.partitions import month_of

RETRIES = RetryPolicy(max_retries=2, delay=5, backoff=Backoff.EXPONENTIAL, jitter=Jitter.PLUS_MINUS)
"""A step is retried twice, after about 5 and 10 seconds, unless its failure says that a retry will not help."""
ROOM = "Make room, or set TAXI_HOME to a folder on a larger disk. Nothing was replaced."
_LASTING = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
"""Errors of the system that are there again at the next try."""


@contextmanager
def failures_named(context: AssetExecutionContext | OutputContext | InputContext) -> Iterator[None]:
    """Turns errors into a Failure that names dataset, month and asset, and tells Dagster whether a retry may help."""
    try:
        yield
    except TaxiError as error:
        raise _failure(context, str(error), retry=error.retry) from error
    except DagsterExecutionInterruptedError as error:
        # Otherwise the in-process executor would retry the step, and the run would go on (dagster issue 15026).
        raise Failure("The run was cancelled, or its process was stopped.", allow_retries=False) from error
    except Exception as error:
        if os.strerror(errno.ENOSPC) in str(error):
            raise _failure(context, f"The disk is full: {message_of(error)}. {ROOM}", retry=False) from error
        raise _failure(context, _unforeseen(error), retry=_may_pass(error)) from error


def title_of(context: AssetExecutionContext | OutputContext | InputContext) -> str:
    """What a step works on, for people: such as `green 2024-01, raw_trips`."""
    first, asset = context.asset_key.path[0], context.asset_key.path[-1]
    return f"{first} {month_of(context)}, {asset}" if first in DATASETS else asset


def _failure(context: AssetExecutionContext | OutputContext | InputContext, text: str, *, retry: bool) -> Failure:
    return Failure(f"{title_of(context)}: {text} {RETRY_HINTS[retry]}", allow_retries=retry)


def _unforeseen(error: Exception) -> str:
    """The text for an error that is none of ours: in our words first, then those of the library."""
    return (
        f"The step met an error that nobody foresaw: {type(error).__name__}: {message_of(error)}. The log of the run "
        "has the traceback; if the cause is not on this machine, please report it with that."
    )


def _may_pass(error: Exception) -> bool:
    """Whether the same code may succeed with the same data a moment later.

    So may what the system, a network or a database refused: OSError; OperationalError, by which Python's database
    interfaces call what is not under the programmer's control (PEP 249); what Google's client calls retryable.
    Everything else is a mistake in the data or the code, and is there again.
    """
    if isinstance(error, OSError):
        return not isinstance(error, _LASTING)
    operational = any(base.__name__ == "OperationalError" for base in type(error).__mro__)
    return operational or isinstance(error, MemoryError) or bool(getattr(error, "retryable", False))
