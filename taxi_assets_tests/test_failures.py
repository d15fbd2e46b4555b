"""What becomes of an error in a step: a failure that names month and asset, and says whether a retry may help."""

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
        (ConnectionResetError("by peer."), "ConnectionResetError: by peer. A retry may help.", True),
        (KeyError("fare"), "KeyError: 'fare'. A retry will not help.", False),
        (ValueError("negative"), "ValueError: negative. A retry will not help.", False),
    ],
)
def test_a_failure_names_month_and_asset_and_says_whether_a_retry_may_help(
    error: Exception, text: str, retry: bool
) -> None:
    failure = failure_of(error, ["green", "raw_trips"], months_of(GREEN_TAXI), "2020-04-01")
    assert failure.description == f"green 2020-04, raw_trips: {text}"
    assert failure.allow_retries is retry
    assert failure.__cause__ is error


def test_an_asset_without_months_is_named_alone() -> None:
    failure = failure_of(TaxiError("No answer.", retry=True), ["taxi_zones"])
    assert failure.description == "taxi_zones: No answer. A retry may help."


def test_a_cancelled_run_is_not_retried() -> None:
    failure = failure_of(DagsterExecutionInterruptedError(), ["taxi_zones"])
    assert failure.description == "The run was cancelled, or its process was stopped."
    assert failure.allow_retries is False
