"""Which failed runs people are alerted to, and what the alerts say: real runs, sent to a real server."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from dagster import (
    AssetKey,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    DefaultSensorStatus,
    ExecuteInProcessResult,
    SkipReason,
    build_run_status_sensor_context,
)

from taxi_assets.automation.run_failure_sensor import failed_runs_sensor
from taxi_assets.automation.run_heartbeat import Heartbeat
from taxi_assets.build import build_definitions
from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import GREEN_TAXI
from taxi_assets.model.months import Month
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.resources.alert_webhook import AlertWebhook
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.dagster_internals import (
    CheckRunHealthResult,
    InProcessCodeLocationOrigin,
    LoadableTargetOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
    WorkerStatus,
)
from taxi_assets_tests.servers.publisher import PublisherServer
from taxi_assets_tests.servers.webhook import SECRET, Answer, Webhook

pytestmark = pytest.mark.slow

MONTH = Month(2020, 4)
FILE = "green/green_tripdata_2020-04.csv.gz"
LAUNCHED = RemoteJobOrigin(
    RemoteRepositoryOrigin(
        InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="taxi_assets.definitions")), "__repository__"
    ),
    "green_trips",
)
"""Where Dagster finds the job of a run that it launched itself, and can launch again."""
UI = "https://dagster.example/taxi/"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as webhook:
        yield webhook


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[PublisherServer]:
    """Has green 2020-04, 500 trips."""
    file = tmp_path / "mirror" / FILE
    file.parent.mkdir(parents=True)
    write_sample(GREEN_TAXI, MONTH, file, rows=500, file_format="csv.gz")
    with PublisherServer(tmp_path / "mirror") as publisher:
        yield publisher


def _run(
    settings: Settings, instance: DagsterInstance, *assets: str, job: str = "green_trips"
) -> ExecuteInProcessResult:
    definitions = build_definitions(settings)
    found = definitions.resolve_implicit_global_asset_job_def() if job == "assets" else definitions.resolve_job_def(job)
    return found.execute_in_process(
        partition_key=MONTH.key,
        instance=instance,
        raise_on_error=False,
        asset_selection=[AssetKey(["green", asset]) for asset in assets] or None,
    )


def _tell(result: ExecuteInProcessResult, instance: DagsterInstance, url: str) -> Any:
    """Evaluates the sensor for a run, as the daemon would."""
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.status == DagsterRunStatus.FAILURE
    return _told(run, next(event for event in result.all_events if event.is_run_failure), instance, url)


def _told(run: DagsterRun, event: DagsterEvent, instance: DagsterInstance, url: str) -> Any:
    context = build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_instance=instance,
        dagster_run=instance.get_run_by_id(run.run_id) or run,
        dagster_event=event,
        resources={"alerts": AlertWebhook(url=url, ui_url=UI)},
    )
    return failed_runs_sensor(on=True)(context)


def test_a_corrupt_published_file_is_told_with_all_that_people_need(
    settings: Settings, instance: DagsterInstance, publisher: PublisherServer, webhook: Webhook
) -> None:
    publisher.replace_body(FILE, b"<html>Sorry</html>", times=9)
    result = _run(dataclasses.replace(settings, publisher=publisher.url), instance)
    assert _tell(result, instance, webhook.url) is None
    [message] = webhook.messages
    first, cause, link = message["text"].splitlines()
    assert first == "green 2020-04: raw_trips failed"
    assert cause.startswith("green 2020-04, raw_trips: ")
    assert cause.endswith("A retry will not help.")
    assert link == f"https://dagster.example/taxi/runs/{result.run_id}"
    fields = [field["text"] for block in message["blocks"] for field in block.get("fields", [])]
    assert fields == ["*Dataset*\ngreen", "*Month*\n2020-04", "*Stage*\nraw_trips", "*Retry*\nA retry will not help."]


def test_a_run_of_assets_without_a_job_of_ours_is_told_as_well(
    settings: Settings, instance: DagsterInstance, webhook: Webhook
) -> None:
    """As when somebody chooses assets in the UI, or in a backfill of assets."""
    result = _run(settings, instance, "postgres_table", job="assets")
    _tell(result, instance, webhook.url)
    assert webhook.messages[0]["text"].startswith("green 2020-04: postgres_table failed\n")
    assert "Materialize clean_trips for this month first" in webhook.messages[0]["text"]


def test_a_blocking_check_that_failed_is_named_with_what_it_found(
    settings: Settings, instance: DagsterInstance, webhook: Webhook
) -> None:
    assert _run(settings, instance, "raw_trips", "clean_trips", "gcs_parquet").success
    [copy] = (settings.home / "bucket").rglob("trips/**/*.parquet")
    pq.write_table(pq.read_table(copy).slice(1), copy)
    _tell(_run(settings, instance, "bq_table", "daily_trips"), instance, webhook.url)
    [message] = webhook.messages
    first, cause, _ = message["text"].splitlines()
    assert first == "green 2020-04: check equals_clean_trips of bq_table failed"
    assert cause.startswith("rows: ")


def test_the_alert_says_which_process_died_and_promises_no_retry_of_what_was_started_by_hand(
    settings: Settings, instance: DagsterInstance, webhook: Webhook
) -> None:
    job = build_definitions(settings).resolve_job_def("green_trips")
    tags = {"dagster/partition": MONTH.key, "dagster/will_retry": "true"}
    run = instance.create_run_for_job(job, tags=tags)
    died = Heartbeat("worker-1.example", 4711).died
    health = CheckRunHealthResult(WorkerStatus.FAILED, died)
    event = instance.report_run_failed(run, f"Detected run worker status {health}. Marking run {run.run_id} as failed.")
    _told(run, event, instance, webhook.url)
    assert webhook.messages[0]["text"].splitlines()[1] == died


@pytest.mark.parametrize(("again", "retry"), [("false", ""), ("true", " Dagster starts it again by itself.")])
def test_a_run_whose_process_died_is_told_and_whether_dagster_starts_it_again(
    settings: Settings, instance: DagsterInstance, webhook: Webhook, again: str, retry: str
) -> None:
    job = build_definitions(settings).resolve_job_def("green_trips")
    tags = {"dagster/partition": MONTH.key, "dagster/will_retry": again}
    run = instance.create_run_for_job(job, tags=tags, remote_job_origin=LAUNCHED)
    event = instance.report_run_failed(run, message="The run worker was killed.")
    _told(run, event, instance, webhook.url)
    first, cause, _ = webhook.messages[0]["text"].splitlines()
    assert (first, cause) == ("green 2020-04: the run failed", f"The run worker was killed.{retry}")


def test_without_a_webhook_nothing_is_sent_and_the_reason_is_said(
    settings: Settings, instance: DagsterInstance
) -> None:
    skipped = _tell(_run(settings, instance, "postgres_table"), instance, "")
    assert isinstance(skipped, SkipReason)
    assert "TAXI_ALERT_WEBHOOK is not set" in (skipped.skip_message or "")


def test_a_webhook_that_fails_is_an_error_of_the_tick_and_noted_with_the_run(
    settings: Settings, instance: DagsterInstance, webhook: Webhook
) -> None:
    webhook.answers.append(Answer(404))
    result = _run(settings, instance, "postgres_table")
    with pytest.raises(TaxiError, match=f"answered 404.*{result.run_id}.*TAXI_ALERT_WEBHOOK"):
        _tell(result, instance, webhook.url)
    log = instance.get_records_for_run(result.run_id, of_type=DagsterEventType.ENGINE_EVENT).records
    assert "The alert could not be sent: The webhook answered 404." in [
        record.event_log_entry.message for record in log
    ]


@pytest.mark.parametrize(
    ("is_set", "status"), [(True, DefaultSensorStatus.RUNNING), (False, DefaultSensorStatus.STOPPED)]
)
def test_the_sensor_is_on_where_a_webhook_is_set(
    settings: Settings, is_set: bool, status: DefaultSensorStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = dataclasses.replace(settings, alert_webhook=is_set)
    sensor = build_definitions(settings).get_repository_def().get_sensor_def("failed_runs")
    assert sensor.default_status == status


def test_the_webhook_s_address_is_not_in_what_is_printed_of_the_resource() -> None:
    assert SECRET not in repr(AlertWebhook(url=f"https://hooks.example/{SECRET}", ui_url=UI))
