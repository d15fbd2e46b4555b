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
_MISTAKES = (ValueError, TypeError, LookupError, AttributeError, NotImplementedError)
"""Errors that the same code raises again for the same data."""


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
        passing = not isinstance(error, _MISTAKES)
        raise _failure(context, f"{type(error).__name__}: {message_of(error)}.", retry=passing) from error


def title_of(context: AssetExecutionContext | OutputContext | InputContext) -> str:
    """What a step works on, for people: such as `green 2024-01, raw_trips`."""
    first, asset = context.asset_key.path[0], context.asset_key.path[-1]
    return f"{first} {month_of(context)}, {asset}" if first in DATASETS else asset


def _failure(context: AssetExecutionContext | OutputContext | InputContext, text: str, *, retry: bool) -> Failure:
    return Failure(f"{title_of(context)}: {text} {RETRY_HINTS[retry]}", allow_retries=retry)
