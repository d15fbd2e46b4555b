"""What becomes of an error in a step: a failure that names month and asset, and says whether a retry may help."""

import sqlite3

import duckdb
import psycopg
import pyarrow as pa
import pytest
from dagster import (
    AssetExecutionContext,
    DagsterExecutionInterruptedError,
    DagsterInstance,
    Failure,
    PartitionsDefinition,
    asset,
    materialize,
)

from taxi_assets.errors import TaxiError
from taxi_assets.failures import failures_named
from taxi_assets.model.datasets import GREEN_TAXI
from taxi_assets.partitions import months_of

UNFORESEEN = "The step met an error that nobody foresaw:"
REPORT = "The log of the run has the traceback; if the cause is not on this machine, please report it with that."


class PassingError(Exception):
    """As Google's clients raise it."""

    retryable = True


def failure_of(
    error: BaseException,
    key: list[str],
    months: PartitionsDefinition[str] | None = None,
    partition_key: str | None = None,
) -> Failure:
    """What a real step of an asset makes of an error."""
    caught: list[Failure] = []

    @asset(key=key, partitions_def=months)
    def failing(context: AssetExecutionContext) -> None:
        with pytest.raises(Failure) as failure, failures_named(context):
            raise error
        caught.append(failure.value)

    with DagsterInstance.ephemeral() as instance:
        assert materialize([failing], instance=instance, partition_key=partition_key).success
    return caught[0]


@pytest.mark.parametrize(
    ("error", "text", "retry"),
    [
        (TaxiError("It is cut.", "Fetch it again."), "It is cut. Fetch it again. A retry will not help.", False),
        (TaxiError("No answer.", retry=True), "No answer. A retry may help.", True),
        (
            ConnectionResetError("by peer."),
            f"{UNFORESEEN} ConnectionResetError: by peer. {REPORT} A retry may help.",
            True,
        ),
        (KeyError("fare"), f"{UNFORESEEN} KeyError: 'fare'. {REPORT} A retry will not help.", False),
        (ValueError("negative"), f"{UNFORESEEN} ValueError: negative. {REPORT} A retry will not help.", False),
    ],
)
def test_a_failure_names_month_and_asset_and_says_whether_a_retry_may_help(
    error: Exception, text: str, retry: bool
) -> None:
    failure = failure_of(error, ["green", "raw_trips"], months_of(GREEN_TAXI), "2020-04-01")
    assert failure.description == f"green 2020-04, raw_trips: {text}"
    assert failure.allow_retries is retry
    assert failure.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        OverflowError("int too large"),
        ZeroDivisionError(),
        ArithmeticError(),
        pa.ArrowInvalid("float value inf was truncated"),
        pa.ArrowNotImplementedError("no cast"),
        pa.ArrowCapacityError("too large"),
        pa.ArrowKeyError("no column"),
        psycopg.errors.NumericValueOutOfRange("out of range"),
        psycopg.ProgrammingError("syntax"),
        duckdb.ConversionException("no number"),
        duckdb.CatalogException("no table"),
        RecursionError(),
        AssertionError(),
        FileNotFoundError(2, "no such file"),
        PermissionError(13, "denied"),
        RuntimeError("nobody knows"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_there_again_is_not_tried_again(error: Exception) -> None:
    assert failure_of(error, ["taxi_zones"]).allow_retries is False


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("reset"),
        TimeoutError(),
        OSError(28, "no space left on device"),
        MemoryError(),
        psycopg.OperationalError("the server closed the connection"),
        psycopg.errors.DeadlockDetected("deadlock"),
        duckdb.IOException("no space left"),
        sqlite3.OperationalError("database is locked"),
        PassingError("no answer"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_may_pass_is_tried_again(error: Exception) -> None:
    assert failure_of(error, ["taxi_zones"]).allow_retries is True


def test_an_asset_without_months_is_named_alone() -> None:
    failure = failure_of(TaxiError("No answer.", retry=True), ["taxi_zones"])
    assert failure.description == "taxi_zones: No answer. A retry may help."


def test_a_cancelled_run_is_not_retried() -> None:
    failure = failure_of(DagsterExecutionInterruptedError(), ["taxi_zones"])
    assert failure.description == "The run was cancelled, or its process was stopped."
    assert failure.allow_retries is False
