"""The sensor that alerts people to failed runs, and how it finds out from a run's events what failed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dagster import (
    AssetCheckKey,
    AssetCheckSeverity,
    AssetKey,
    DagsterEvent,
    DagsterEventType,
    DefaultSensorStatus,
    RunFailureSensorContext,
    SensorDefinition,
    SkipReason,
    run_failure_sensor,
)

from taxi_assets.automation.run_heartbeat import cause_of_death
from taxi_assets.errors import RETRY_HINTS, TaxiError
from taxi_assets.model.datasets import DATASETS
from taxi_assets.resources.alert_webhook import AlertWebhook
from taxi_assets.resources.slack import Alert, StageFailure

OFF = "No alert: TAXI_ALERT_WEBHOOK is not set. Set it to the URL of a webhook that takes Slack's messages."
SAME_DATA = "A retry helps only if the data have changed."
READ = {
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
    DagsterEventType.ASSET_CHECK_EVALUATION,
    DagsterEventType.STEP_FAILURE,
}
INTERVAL_SECONDS = 30


def failed_runs_sensor(*, on: bool, interval_seconds: int = INTERVAL_SECONDS) -> SensorDefinition:
    """`failed_runs`: sends an alert for each failed run, be it of a job, of assets chosen by hand, or of a backfill.

    `on` turns it on from the start; whoever sets a webhook wants to be told. Ticks every half minute, or more often if
    told so.
    """

    @run_failure_sensor(
        name="failed_runs",
        default_status=DefaultSensorStatus.RUNNING if on else DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=min(interval_seconds, INTERVAL_SECONDS),
        description="Sends an alert to TAXI_ALERT_WEBHOOK for every failed run: dataset, month, what failed and why. "
        "An alert that cannot be delivered fails the tick and is noted in the run's log; it is not sent again.",
    )
    def failed_runs(context: RunFailureSensorContext, alerts: AlertWebhook) -> SkipReason | None:
        if not alerts.is_set:
            return SkipReason(OFF)
        run = context.dagster_run
        try:
            alerts.send(alert_of(context, alerts.run_url(run.run_id)))
        except TaxiError as error:
            lost = f"The alert could not be sent: {error.cause}"
            # If several runs failed, the tick shows only the last error; each run's log shows its own.
            context.instance.report_engine_event(lost, run)
            raise TaxiError(f"{lost} Run {run.run_id} failed.", "Is TAXI_ALERT_WEBHOOK right?") from None
        return None

    return failed_runs


def alert_of(context: RunFailureSensorContext, run_url: str) -> Alert:
    """The alert for the failed run of this context, by the run's events."""
    run = context.dagster_run
    records = context.instance.get_records_for_run(run.run_id, of_type=READ).records
    events = [record.event_log_entry.get_dagster_event() for record in records]
    stages = _stages(events)
    failures = [*_failed_checks(events), *_failed_steps(events, stages)]
    if not failures:  # no step failed: the run's process died, or could not start
        failures = [StageFailure("the run", cause_of_death(context.failure_event.message or ""), "")]
    # Dagster says that it will retry a run of `dagster job execute`, too, and cannot.
    if run.tags.get("dagster/will_retry") == "true" and run.remote_job_origin:
        failures = [replace(failure, retry="Dagster starts it again by itself.") for failure in failures]
    return Alert(_datasets(run.job_name, stages), _months(run.tags), failures, run_url)


def _stages(events: Sequence[DagsterEvent]) -> dict[str, AssetKey | AssetCheckKey]:
    """The assets and checks of the run, by the keys of their steps."""
    stages: dict[str, AssetKey | AssetCheckKey] = {}
    for event in events:
        if event.event_type == DagsterEventType.ASSET_MATERIALIZATION_PLANNED and event.asset_key:
            stages[event.step_key or ""] = event.asset_key
        elif event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            stages[event.step_key or ""] = event.asset_check_planned_data.asset_check_key
    return stages


def _failed_checks(events: Sequence[DagsterEvent]) -> Iterator[StageFailure]:
    """The blocking checks that did not pass, which stopped the run."""
    for event in events:
        if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
            found = event.asset_check_evaluation_data
            if found.blocking and not found.passed and found.severity == AssetCheckSeverity.ERROR:
                yield StageFailure(_named(found.asset_check_key), found.description or "", SAME_DATA)


def _failed_steps(
    events: Sequence[DagsterEvent], stages: Mapping[str, AssetKey | AssetCheckKey]
) -> Iterator[StageFailure]:
    for event in events:
        if event.event_type == DagsterEventType.STEP_FAILURE and not _stopped_by_check(event):
            step = event.step_key or ""
            cause, retry = cause_of(event)
            yield StageFailure(_named(stages[step]) if step in stages else step, cause, retry)


def _stopped_by_check(event: DagsterEvent) -> bool:
    error = event.step_failure_data.error
    return error is not None and error.cls_name == "DagsterAssetCheckFailedError"


def cause_of(event: DagsterEvent) -> tuple[str, str]:
    """The failed step's error, and its hint whether a retry may help; empty if it gives none."""
    data = event.step_failure_data
    error = data.error
    text = (data.user_failure_data.description if data.user_failure_data else None) or ""
    if not text and error is not None:
        # Dagster wraps an error that our code did not turn into a Failure.
        text = (error.cause or error).message.strip()
    for hint in RETRY_HINTS.values():
        if text.endswith(hint):
            return text.removesuffix(hint).strip(), hint
    return text, ""


def _named(key: AssetKey | AssetCheckKey) -> str:
    return key.path[-1] if isinstance(key, AssetKey) else f"check {key.name} of {key.asset_key.path[-1]}"


def _datasets(job: str, stages: Mapping[str, AssetKey | AssetCheckKey]) -> str:
    keys = [key if isinstance(key, AssetKey) else key.asset_key for key in stages.values()]
    return ", ".join(name for name in DATASETS if any(key.path[0] == name for key in keys)) or job


def _months(tags: Mapping[str, str]) -> str:
    """The month of the run by its tags, or the first and the last month of a run for several."""
    names = ("dagster/partition", "dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    keys = dict.fromkeys(tags[name] for name in names if name in tags)
    return " to ".join(key.removesuffix("-01") for key in keys)
