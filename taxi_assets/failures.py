"""Failures of steps: an error with the month and asset it happened to, and whether Dagster tries again."""

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
"""Of steps: tried again twice, after 5 and 10 seconds or so. A failure that says that a retry will not help is not."""
_MISTAKES = (ValueError, TypeError, LookupError, AttributeError, NotImplementedError)
"""What the same code raises again on the same data."""


@contextmanager
def failures_named(context: AssetExecutionContext | OutputContext | InputContext) -> Iterator[None]:
    """Adds dataset, month and asset to what goes wrong, and tells Dagster whether a retry may help."""
    try:
        yield
    except TaxiError as error:
        raise _failure(context, str(error), retry=error.retry) from error
    except DagsterExecutionInterruptedError as error:
        # The in-process executor would try the step again, and the run would go on (dagster issue 15026).
        raise Failure("Somebody cancelled the run, or stopped its process.", allow_retries=False) from error
    except Exception as error:
        passing = not isinstance(error, _MISTAKES)
        raise _failure(context, f"{type(error).__name__}: {message_of(error)}.", retry=passing) from error


def _failure(context: AssetExecutionContext | OutputContext | InputContext, text: str, *, retry: bool) -> Failure:
    first, asset = context.asset_key.path[0], context.asset_key.path[-1]
    where = f"{first} {month_of(context)}, {asset}" if first in DATASETS else asset
    return Failure(f"{where}: {text} {RETRY_HINTS[retry]}", allow_retries=retry)
