"""No secret of a setting is printed, recorded or shown, be the setting right or wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from taxi_assets_tests.helpers.backfills import REPOSITORY
from taxi_assets_tests.helpers.dagster_dev import DagsterDev, address, dev_site, loaded, program, running

pytestmark = [pytest.mark.slow, pytest.mark.daemon]

ROOT = Path(__file__).parents[2]
CANARY = "s3cr3t-canary"
MONTH = "2020-04"
WRONG = {
    "two @": ("TAXI_POSTGRES_URL", f"postgresql://u:{CANARY}@x@127.0.0.1:1/db"),
    "another database": ("TAXI_POSTGRES_URL", f"mysql://u:{CANARY}@127.0.0.1:1/db"),
    "a blank in front": ("TAXI_POSTGRES_URL", f" postgresql://u:{CANARY}@127.0.0.1:1/db"),
    "a driver that is none of ours": ("TAXI_POSTGRES_URL", f"postgresql+asyncpg://u:{CANARY}@127.0.0.1:1/db"),
    "a password with a blank": ("TAXI_POSTGRES_URL", f"host=127.0.0.1 password=my {CANARY}"),
    "a misspelt name": ("TAXI_POSTGRES_URI", f"postgresql://u:{CANARY}@127.0.0.1:1/db"),
    "a webhook that is no URL": ("TAXI_ALERT_WEBHOOK", f"hooks.slack.com/{CANARY}"),
    "a mirror with a blank in front": ("TAXI_PUBLISHER", f" http://u:{CANARY}@127.0.0.1:1"),
    "a mirror that is none": ("TAXI_PUBLISHER", f"htp://u:{CANARY}@127.0.0.1:1"),
    "a mirror with two @": ("TAXI_PUBLISHER", f"http://u:x@{CANARY}@127.0.0.1:1"),
    "a mirror with a / in its password": ("TAXI_PUBLISHER", f"http://u:1/{CANARY}@127.0.0.1:1"),
    "a mirror with a # in its password": ("TAXI_PUBLISHER", f"http://u:#{CANARY}@127.0.0.1:1"),
    "a mirror without a host": ("TAXI_PUBLISHER", f"http://u:{CANARY}@"),
    "hosts that are URLs": ("TAXI_REDIRECT_HOSTS", f"http://u:{CANARY}@cdn"),
}
"""Settings that are refused: the variable and its value, by what is wrong."""
COMMANDS = f"""
import json, os, sys, traceback
from taxi_assets.cli.__main__ import main

def commands():
    for command in (["doctor"], ["show", "green", "{MONTH}"], ["why", "green", "{MONTH}"]):
        try:
            main(command, standalone_mode=False)
        except SystemExit as end:
            print(end.code, file=sys.stderr)
        except Exception:
            traceback.print_exc()

if len(sys.argv) == 1:
    commands()
"""
LOADING = f"""{COMMANDS}
from taxi_assets.settings import Settings, SettingsError
from taxi_assets.build import build_definitions

for variable, value in json.loads(sys.argv[1]):
    os.environ[variable] = value
    print("==", variable, flush=True)
    try:
        build_definitions(Settings.from_env())
    except SettingsError:
        traceback.print_exc()
    else:
        print("It is not refused.")
    commands()
    del os.environ[variable]
"""
LAUNCH = """mutation ($params: ExecutionParams!) { done: launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } } } }"""
STATUS = """query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"""
METADATA = """metadataEntries { label description
    ... on TextMetadataEntry { text } ... on UrlMetadataEntry { url }
    ... on PathMetadataEntry { path } ... on MarkdownMetadataEntry { mdStr }
    ... on JsonMetadataEntry { jsonString } }"""
ERROR = "error { message stack errorChain { error { message stack } } cause { message stack } }"
SHOWN = """query ($repository: RepositorySelector!, $id: ID!) {
    instance { info }
    workspaceOrError { ... on Workspace { locationEntries { displayMetadata { key value }
        locationOrLoadError { ... on RepositoryLocation { repositories { displayMetadata { key value } } } } } } }
    repositoryOrError(repositorySelector: $repository) { ... on Repository {
        allTopLevelResourceDetails { name description configFields { name description defaultValueAsJson }
            configuredValues { key value type }
            nestedResources { name resource { name configuredValues { key value } } } }
        assetNodes { description METADATA }
        jobs { name description runTags { key value } }
        sensors { name description } schedules { name description }
    } }
    runOrError(runId: $id) { ... on Run { runConfigYaml tags { key value } eventConnection(limit: 1000) { events {
        __typename
        ... on MessageEvent { message }
        ... on ExecutionStepFailureEvent { FAULT failureMetadata { METADATA } }
        ... on ExecutionStepUpForRetryEvent { FAULT }
        ... on RunFailureEvent { FAULT }
        ... on MaterializationEvent { METADATA }
    } } } }
}""".replace("METADATA", METADATA).replace("FAULT", ERROR)
INSTANCE = """telemetry:
  enabled: false
run_coordinator:
  module: dagster.core.run_coordinator
  class: DefaultRunCoordinator
compute_logs:
  module: dagster.core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config:
    base_dir: {env: DAGSTER_HOME}
"""


def environment(folder: Path, **more: str) -> dict[str, str]:
    """This process's environment without the user's settings, with a history of Dagster's in the folder."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("TAXI_", "GCP_", "DAGSTER_"))}
    history = folder / "history"
    history.mkdir(exist_ok=True)
    (history / "dagster.yaml").write_text(INSTANCE)
    return {**mine, "DAGSTER_HOME": str(history), "TAXI_HOME": str(folder / "taxi"), "PYTHONPATH": str(ROOT), **more}


def files_with(canary: str, folder: Path) -> list[Path]:
    """The files below the folder that hold it: databases, captured logs, the lake."""
    return [path for path in folder.rglob("*") if path.is_file() and canary.encode() in path.read_bytes()]


@pytest.mark.fault(40)
def test_a_secret_in_a_setting_that_is_wrong_is_neither_printed_nor_recorded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADING, json.dumps(list(WRONG.values()))],
        cwd=tmp_path,
        check=False,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert CANARY not in done.stdout + done.stderr
    assert done.stdout.count("== ") == len(WRONG)
    assert "It is not refused." not in done.stdout
    assert done.stderr.count("taxi_assets.settings.SettingsError: ") >= len(WRONG)
    assert files_with(CANARY, tmp_path) == []


@pytest.mark.parametrize("fault", ["two @", "a webhook that is no URL"])
def test_a_run_by_dagster_itself_does_not_print_it_either(fault: str, tmp_path: Path) -> None:
    variable, value = WRONG[fault]
    job = ["-m", "dagster", "job", "execute", "-m", "taxi_assets.definitions", "-j", "green_trips"]
    run = subprocess.run(
        [sys.executable, *job, "--tags", '{"dagster/partition": "2020-04-01"}'],
        cwd=tmp_path,
        check=False,
        env=environment(tmp_path, **{variable: value}),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert run.returncode != 0
    assert CANARY not in run.stdout + run.stderr
    assert files_with(CANARY, tmp_path) == []


@dataclass(frozen=True)
class Story:
    """A run with a secret in each setting that may hold one, through the webserver; it fails at Postgres."""

    dev: DagsterDev
    folder: Path
    run_id: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("secrets")
    with dev_site(folder, "public", "webserver.log") as dev:
        dev.publish("green", MONTH, 100)
        mine = environment(
            folder,
            TAXI_PUBLISHER=dev.publisher.url.replace("//", f"//reader:{CANARY}-1@"),
            TAXI_POSTGRES_URL=f"postgresql://u:{CANARY}-2@127.0.0.1:1/db?connect_timeout=2",
            TAXI_ALERT_WEBHOOK=f"http://127.0.0.1:1/services/{CANARY}-3",
        )
        command: list[str | Path] = [program("dagster-webserver"), "-w", folder / "workspace.yaml", *address(dev)]
        with running(command, folder, dev.log, mine) as process:
            dev.until("the webserver to load the assets", lambda: loaded(dev, process))
            yield Story(dev, folder, _launched(dev), mine)


def _launched(dev: DagsterDev) -> str:
    """Launches the month, and waits until it has failed."""
    params = {
        "selector": {**REPOSITORY, "pipelineName": "green_trips"},
        "mode": "default",
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": f"{MONTH}-01"}]},
    }
    done = dev.graphql(LAUNCH, params=params)["done"]
    assert done["__typename"] == "LaunchRunSuccess", done
    run_id = str(done["run"]["runId"])
    ended = ("FAILURE", "SUCCESS", "CANCELED")
    found = dev.until(
        "the run to end", lambda: (status := dev.graphql(STATUS, id=run_id)["runOrError"]["status"]) in ended and status
    )
    assert found == "FAILURE"
    return run_id


def test_the_webserver_shows_no_secret(story: Story) -> None:
    answer = json.dumps(story.dev.graphql(SHOWN, repository=REPOSITORY, id=story.run_id))
    # It is about what it should be about.
    assert "green 2020-04, postgres_table: " in answer
    assert "TAXI_PUBLISHER" in answer
    assert "TAXI_POSTGRES_URL" in answer
    assert f"{story.dev.publisher.url}/trip-data/green_tripdata_2020-04.parquet" in answer
    assert CANARY not in answer


def test_the_mirror_got_its_password(story: Story) -> None:
    assert all(request.headers.get("authorization") for request in story.dev.publisher.requests())
    assert story.dev.publisher.requests()


def test_commands_print_no_secret(story: Story) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS],
        cwd=story.folder,
        check=False,
        env=story.environment,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    printed = done.stdout + done.stderr
    # All three were at work: the check-up, the error of Postgres, and the failure of the run.
    assert f"{story.dev.publisher.url} answers" in printed
    assert "Is the server up, and is its URL right?" in printed
    assert "A retry may help." in printed
    assert CANARY not in printed


def test_no_file_holds_a_secret(story: Story) -> None:
    """The history's databases, the logs that Dagster captures, what the webserver printed, the lake and the bucket."""
    assert list((story.folder / "history").rglob("*.db"))
    assert list((story.folder / "history").rglob("*.err"))
    assert files_with(CANARY, story.folder) == []
    assert files_with(story.run_id, story.folder)
