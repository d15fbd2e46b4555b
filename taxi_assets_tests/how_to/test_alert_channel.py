"""The page on alerts: its sensors tell a real mail server and a real webhook of a run that failed."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetKey,
    DagsterInstance,
    DefaultSensorStatus,
    Definitions,
    ExecuteInProcessResult,
    build_run_status_sensor_context,
)

from taxi_assets.build import build_definitions
from taxi_assets.resources.alert_webhook import AlertWebhook
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.how_to import blocks, write_files
from taxi_assets_tests.servers.publisher import PublisherServer
from taxi_assets_tests.servers.smtp import MailServer
from taxi_assets_tests.servers.webhook import Webhook

pytestmark = pytest.mark.slow

PAGE = "alert-channel"
PROJECT = "my_project"


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path) as server:
        yield server


@pytest.fixture
def pager() -> Iterator[Webhook]:
    with Webhook() as webhook:
        yield webhook


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[PublisherServer]:
    """Works, and has no month."""
    with PublisherServer(tmp_path / "site", missing_status=404) as server:
        yield server


@pytest.fixture
def definitions(
    tmp_path: Path,
    mail_server: MailServer,
    pager: Webhook,
    publisher: PublisherServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Definitions]:
    """Those of the page's project, with the page's settings."""
    write_files(PAGE, tmp_path / "code")
    settings = {
        "TAXI_HOME": str(tmp_path / "taxi"),
        "TAXI_PUBLISHER": publisher.url,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mail_server.port),
        "SMTP_PASSWORD": "canary",
        "SSL_CERT_FILE": str(mail_server.certificate),
        "PAGER_URL": pager.url,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(tmp_path / "code")
    forget_project()
    yield importlib.import_module(f"{PROJECT}.definitions").defs
    forget_project()


def forget_project() -> None:
    """Other pages have a project of the same name."""
    for name in [name for name in sys.modules if name.partition(".")[0] == PROJECT]:
        del sys.modules[name]


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as instance:
        yield instance


def fail(definitions: Definitions, instance: DagsterInstance) -> ExecuteInProcessResult:
    """A run of green 2020-04, which is not published."""
    result = definitions.resolve_job_def("green_trips").execute_in_process(
        partition_key="2020-04-01",
        asset_selection=[AssetKey(["green", "raw_trips"])],
        instance=instance,
        raise_on_error=False,
    )
    assert not result.success
    return result


def tell(
    definitions: Definitions,
    sensor: str,
    result: ExecuteInProcessResult,
    instance: DagsterInstance,
    **resources: Any,
) -> None:
    """Has a sensor look at a failed run, as the daemon would."""
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    found = definitions.get_repository_def().get_sensor_def(sensor)
    found(
        build_run_status_sensor_context(
            sensor_name=sensor,
            dagster_instance=instance,
            dagster_run=run,
            dagster_event=next(event for event in result.all_events if event.is_run_failure),
            resources=resources,
        )
    )


def test_a_failed_run_is_told_by_mail(
    definitions: Definitions, instance: DagsterInstance, mail_server: MailServer
) -> None:
    failed = fail(definitions, instance)
    tell(definitions, "failed_runs_by_mail", failed, instance)
    [mail] = mail_server.mails
    assert mail.login == ("dagster@taxi.example", "canary")
    assert mail.recipients == ["on-call@taxi.example"]
    assert mail.message["Subject"] == "Dagster Run Failed: green_trips"
    assert f"https://dagster.example/runs/{failed.run_id}" in mail.message.get_content()


def test_a_failed_run_is_told_elsewhere_with_month_and_cause(
    definitions: Definitions, instance: DagsterInstance, pager: Webhook
) -> None:
    failed = fail(definitions, instance)
    tell(definitions, "failed_runs_to_pager", failed, instance)
    [message] = pager.messages
    assert message["summary"] == "green 2020-04: raw_trips failed"
    assert "has no green 2020-04" in message["causes"][0]
    assert message["link"] == f"https://dagster.example/runs/{failed.run_id}"


def test_the_webhook_is_told_what_the_page_shows(
    definitions: Definitions, instance: DagsterInstance, pager: Webhook
) -> None:
    [shown] = [json.loads(block.text) for block in blocks(PAGE) if block.language == "json"]
    alerts = AlertWebhook(url=pager.url, ui_url="https://dagster.example")
    tell(definitions, "failed_runs", fail(definitions, instance), instance, alerts=alerts)
    [message] = pager.messages
    assert message.keys() == shown.keys()
    assert re.fullmatch(re.escape(shown["text"]).replace("…", ".+"), message["text"])


def test_the_page_s_sensors_are_on_beside_all_that_our_own_definitions_have(definitions: Definitions) -> None:
    ours, merged = (each.get_repository_def() for each in (build_definitions(Settings.from_env()), definitions))
    assert {job.name for job in merged.get_all_jobs()} == {job.name for job in ours.get_all_jobs()}
    known = {sensor.name for sensor in ours.sensor_defs}
    added = {sensor.name: sensor.default_status for sensor in merged.sensor_defs if sensor.name not in known}
    assert added == dict.fromkeys(["failed_runs_by_mail", "failed_runs_to_pager"], DefaultSensorStatus.RUNNING)
