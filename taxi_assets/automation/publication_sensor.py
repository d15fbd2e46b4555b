"""One sensor per dataset that loads a month when the publisher has it new, or has it anew."""

from dagster import (
    DefaultSensorStatus,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from taxi_assets.automation.history_cursor import RECENT_MONTHS, Cursor, next_loaded_months
from taxi_assets.automation.jobs import job_name
from taxi_assets.automation.month_status import CheckReport
from taxi_assets.automation.run_history import RunHistory
from taxi_assets.automation.run_requests import check_publisher, run_requests
from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import Dataset
from taxi_assets.partitions import months_until
from taxi_assets.resources.publisher import TripPublisher

HOUR = 3600
BLIND_TICKS = 3
"""As many ticks in a row that see nothing of the publisher are a failure that people should know of."""


def publications_sensor(dataset: Dataset, interval_seconds: int = HOUR) -> SensorDefinition:
    """Looks at the newest months and at some of history; stopped until somebody turns it on."""

    @sensor(
        name=f"{dataset.name}_publications",
        job_name=job_name(dataset),
        minimum_interval_seconds=interval_seconds,
        default_status=DefaultSensorStatus.STOPPED,
        description=f"Every hour, the newest {RECENT_MONTHS} months of {dataset.title.lower()} trips and in turn some "
        "that were loaded before: a month that is new, or that the publisher has replaced, is loaded, once.",
    )
    def publications(context: SensorEvaluationContext, publisher: TripPublisher) -> SensorResult:
        cursor = Cursor.parse(context.cursor)
        record = RunHistory(context.instance, dataset)
        months = months_until(dataset)
        recent, older = months[-RECENT_MONTHS:], months[:-RECENT_MONTHS]
        history = next_loaded_months(record.loaded(older), cursor.after)
        seen = check_publisher([*reversed(recent), *history], dataset, publisher, record)
        cursor = cursor.moved(seen, history)
        context.log.info(seen.summary())
        if seen.wanted:
            return SensorResult(run_requests=run_requests(dataset, seen), cursor=cursor.dump())
        return SensorResult(skip_reason=_reason(dataset, seen, cursor.blind), cursor=cursor.dump())

    return publications


def _reason(dataset: Dataset, seen: CheckReport, blind: int) -> SkipReason:
    """Raises TaxiError when it is time to make a failure of it.

    A tick that fails cannot move the cursor. So the count stays where it is, and ticks fail until one sees something.
    """
    if blind >= BLIND_TICKS:
        raise TaxiError(
            f"{dataset.title} trips: in {BLIND_TICKS} ticks running nothing could be seen of the publisher. "
            f"{seen.summary()}"
        )
    warning = f"; this is tick {blind} of this kind, from {BLIND_TICKS} on they fail" if blind else ""
    return SkipReason(f"{seen.summary()}{warning}")
