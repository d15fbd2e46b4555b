"""What the check-up tells of a bucket and a dataset, through Google's own clients."""

from __future__ import annotations

import dataclasses
from functools import partial

import pytest
from google.cloud import bigquery as google_bigquery
from google.cloud import storage

from taxi_assets.cli.doctor import google
from taxi_assets.cli.doctor.findings import Finding, Question, findings
from taxi_assets.settings import Settings
from taxi_assets_tests.servers.gcs import GcsServer


def _ask(settings: Settings) -> dict[str, Finding]:
    asked = (google.bucket, google.dataset, google.rights, google.locations)
    return dict(findings([Question(ask.__name__, partial(ask, settings)) for ask in asked], seconds=240))


def _states(settings: Settings) -> dict[str, str]:
    return {about: finding.state for about, finding in _ask(settings).items()}


def test_without_google_cloud_all_is_off() -> None:
    assert set(_states(Settings()).values()) == {"off"}


def test_a_bucket_and_a_dataset_that_is_not_there_yet_are_fine(google_settings: Settings) -> None:
    found = _ask(google_settings)
    assert {finding.state for finding in found.values()} == {"ok"}
    assert "not there yet" in found["dataset"].found


def test_a_try_leaves_nothing_in_the_bucket_or_in_the_dataset(google_settings: Settings) -> None:
    with google_bigquery.Client(project=google_settings.gcp_project) as client:
        client.create_dataset(str(google_settings.bq_dataset))
        found = _ask(google_settings)
        assert found["rights"].found == "jobs run, tables can be created"
        assert {finding.state for finding in found.values()} == {"ok"}
        assert list(client.list_tables(str(google_settings.bq_dataset))) == []
    blobs = storage.Client(project=google_settings.gcp_project).list_blobs(google_settings.gcs_bucket)
    assert list(blobs) == []


def test_a_bucket_that_is_not_there_is_a_problem(google_settings: Settings) -> None:
    found = _ask(dataclasses.replace(google_settings, gcs_bucket="nobodys-bucket"))
    assert (found["bucket"].state, found["bucket"].found) == ("problem", "There is no bucket nobodys-bucket.")
    assert found["rights"].state == "ok"


def test_what_is_not_allowed_names_the_role_that_allows_it(google_settings: Settings, gcs: GcsServer) -> None:
    gcs.fail(path="upload", status=403, times=9)
    found = _ask(google_settings)["bucket"]
    assert found.state == "problem"
    assert "roles/storage.objectUser" in found.advice


def test_a_bucket_whose_facts_may_not_be_read_is_no_problem(google_settings: Settings, gcs: GcsServer) -> None:
    """As with roles/storage.objectUser, which is all that the loads need."""
    gcs.fail(path=f"/b/{google_settings.gcs_bucket}[?]", method="GET", status=403, times=9)
    found = _ask(google_settings)
    assert found["bucket"].state == "ok"
    assert "storage.buckets.get" in found["locations"].found


def test_a_dataset_in_another_location_than_the_setting_is_a_problem(google_settings: Settings) -> None:
    with google_bigquery.Client(project=google_settings.gcp_project, location="EU") as client:
        client.create_dataset(str(google_settings.bq_dataset))
    found = _ask(google_settings)
    assert found["dataset"].state == "problem"
    assert found["dataset"].advice == "Set TAXI_BQ_LOCATION=EU."
    assert found["locations"].state == "problem"


@pytest.mark.parametrize(
    ("bucket", "dataset", "loads"),
    [
        ("US", "US", True),
        ("europe-west1", "us", True),
        ("EU", "EU", True),
        ("EUROPE-WEST3", "EU", True),
        ("US-EAST1", "EU", False),
        ("us-east1", "US-EAST1", True),
        ("US", "us-east1", False),
        ("EU", "europe-west1", False),
    ],
)
def test_bigquery_loads_from_its_own_location_and_in_the_us_from_any(bucket: str, dataset: str, loads: bool) -> None:
    assert google.loads_from(bucket, dataset) is loads


def test_without_a_login_the_advice_is_how_to_log_in(
    google_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    found = _ask(google_settings)["rights"]
    assert found.state == "problem"
    assert "gcloud auth application-default login" in found.advice
