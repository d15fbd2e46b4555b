"""What is asked of Google Cloud: whether bucket and dataset are there, where they lie, and what we may do with them.

Only what the loads need is asked for. What is made for a try is removed again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from taxi_assets.cli.doctor.findings import Finding, off, ok, problem
from taxi_assets.errors import TaxiError
from taxi_assets.settings import Settings

if TYPE_CHECKING:
    from google.api_core.retry import Retry
    from google.cloud.bigquery import Client
    from google.cloud.storage import Blob
    from google.cloud.storage import Client as StorageClient

SECONDS = 5.0
"""For each request."""
NO_BUCKET = "TAXI_GCS_BUCKET is not set: months go into a folder"
NO_DATASET = "TAXI_BQ_DATASET is not set: months go into a DuckDB file"
LOGIN = "gcloud auth application-default login, or a service account: see the README."


def bucket(settings: Settings) -> Finding:
    """Whether objects can be made, replaced only as the one that was seen, and removed."""
    if settings.gcs_bucket is None:
        return off(NO_BUCKET)
    from google.api_core.exceptions import NotFound

    with _explained("Grant roles/storage.objectUser on the bucket."):
        blob = _client_of_storage(settings).bucket(settings.gcs_bucket).blob(f"doctor/{secrets.token_hex(6)}")
        try:
            guarded = _is_guarded(blob)
        except NotFound:
            return problem(f"There is no bucket {settings.gcs_bucket}.", "Make it, or set TAXI_GCS_BUCKET to another.")
    if not guarded:
        return problem("The bucket heeds no generation preconditions.", "Is it Cloud Storage? Two runs could mix.")
    return ok(f"gs://{settings.gcs_bucket}: objects can be made, guarded and removed")


def dataset(settings: Settings) -> Finding:
    """Whether it is there, and lies where TAXI_BQ_LOCATION says."""
    if settings.bq_dataset is None:
        return off(NO_DATASET)
    location = _dataset_location(settings)
    name = f"{settings.gcp_project}.{settings.bq_dataset}"
    if location is None:
        return ok(f"{name} is not there yet: the first load makes it, in {settings.bq_location}, if it may")
    if location.upper() != settings.bq_location.upper():
        return problem(
            f"{name} lies in {location}, not in {settings.bq_location}.", f"Set TAXI_BQ_LOCATION={location}."
        )
    return ok(f"{name} in {location}")


def rights(settings: Settings) -> Finding:
    """Whether we may run jobs in the project, and make tables in the dataset."""
    if settings.bq_dataset is None:
        return off(NO_DATASET)
    with _explained("Grant roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on the dataset."):
        client = _client_of_bigquery(settings)
        client.query("SELECT 1", timeout=SECONDS, retry=_retry()).result(timeout=SECONDS)
        if not _make_a_table(client, settings.bq_dataset):
            return ok("jobs run; whether tables can be made shows when the dataset is there")
    return ok("jobs run, tables can be made")


def locations(settings: Settings) -> Finding:
    """Whether BigQuery can load from the bucket: it does not from just anywhere."""
    if settings.bq_dataset is None or settings.gcs_bucket is None:
        return off("not both a bucket and a dataset are set")
    from google.api_core.exceptions import Forbidden, NotFound

    there = _dataset_location(settings) or settings.bq_location
    found = _client_of_storage(settings).bucket(settings.gcs_bucket)
    try:
        found.reload(timeout=SECONDS, retry=_retry())
    except Forbidden:
        return off("not known: storage.buckets.get is not granted, and only this question needs it")
    except NotFound:
        return off("not known: there is no bucket")
    where = f"bucket in {found.location}, dataset in {there}"
    if loads_from(found.location, there):
        return ok(where)
    return problem(where, "Make the bucket where the dataset is: BigQuery loads from its own location only.")


def loads_from(bucket: str, dataset: str) -> bool:
    """Google's rule: a dataset in the US loads from anywhere, one in the EU from there, another from its own region."""
    bucket, dataset = bucket.upper(), dataset.upper()
    if dataset == "EU":
        return bucket.startswith(("EU", "EUROPE-"))
    return dataset in {"US", bucket}


@contextmanager
def _explained(advice: str) -> Iterator[None]:
    """Raises TaxiError for what Google does not let us do."""
    from google.api_core.exceptions import Forbidden
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except Forbidden as error:
        raise TaxiError(f"Not allowed: {error.message}", advice) from error
    except GoogleAuthError as error:
        raise TaxiError(f"Google does not know us: {error}", LOGIN) from error


def _retry() -> Retry:
    """Google's clients would try for ten minutes."""
    from google.api_core.retry import Retry

    return Retry(timeout=SECONDS)


def _client_of_storage(settings: Settings) -> StorageClient:
    from google.cloud import storage

    return storage.Client(project=settings.gcp_project)


def _client_of_bigquery(settings: Settings) -> Client:
    from google.cloud import bigquery

    return bigquery.Client(project=settings.gcp_project, location=settings.bq_location)


def _is_guarded(blob: Blob) -> bool:
    """Makes an object, tries to make it once more as if it were new, and removes it; whether the second try failed."""
    from google.api_core.exceptions import PreconditionFailed

    _make(blob)
    try:
        _make(blob)
    except PreconditionFailed:
        return True
    else:
        return False
    finally:
        blob.delete(timeout=SECONDS, retry=_retry())


def _make(blob: Blob) -> None:
    blob.upload_from_string(b"doctor", if_generation_match=0, timeout=SECONDS, retry=_retry())


def _dataset_location(settings: Settings) -> str | None:
    """None when there is no dataset yet."""
    from google.api_core.exceptions import NotFound

    with _explained("Grant roles/bigquery.dataEditor on the dataset."):
        client = _client_of_bigquery(settings)
        try:
            return str(client.get_dataset(settings.bq_dataset or "", timeout=SECONDS, retry=_retry()).location)
        except NotFound:
            return None


def _make_a_table(client: Client, name: str) -> bool:
    """Makes a table and removes it; False when there is no dataset to make it in."""
    from google.api_core.exceptions import NotFound
    from google.cloud import bigquery

    table = bigquery.Table(
        f"{client.project}.{name}.doctor_{secrets.token_hex(6)}", [bigquery.SchemaField("n", "INT64")]
    )
    table.expires = datetime.now(UTC) + timedelta(hours=1)
    try:
        client.create_table(table, timeout=SECONDS, retry=_retry())
    except NotFound:
        return False
    client.delete_table(table, timeout=SECONDS, retry=_retry())
    return True
