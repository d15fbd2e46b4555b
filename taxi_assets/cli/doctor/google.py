"""What is checked of Google Cloud: whether bucket and dataset exist, in which location, and what we may do there.

Only the rights that loads need are tried. Objects and tables that are created to try them are removed again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from taxi_assets.cli.doctor.findings import Finding, off, ok, problem
from taxi_assets.errors import TaxiError, message_of
from taxi_assets.settings import Settings

if TYPE_CHECKING:
    from google.api_core.retry import Retry
    from google.cloud.bigquery import Client
    from google.cloud.storage import Blob
    from google.cloud.storage import Client as StorageClient

SECONDS = 5.0
"""How long each request may take."""
NO_BUCKET = "TAXI_GCS_BUCKET is not set: months go into a folder"
NO_DATASET = "TAXI_BQ_DATASET is not set: months go into a DuckDB file"
LOGIN = "gcloud auth application-default login, or a service account: see the README."


def bucket(settings: Settings) -> Finding:
    """Whether objects can be created, replaced under a precondition, and removed. Raises TaxiError."""
    if settings.gcs_bucket is None:
        return off(NO_BUCKET)
    from google.api_core.exceptions import NotFound

    with _translated_errors("Grant roles/storage.objectUser on the bucket."):
        blob = _storage_client(settings).bucket(settings.gcs_bucket).blob(f"doctor/{secrets.token_hex(6)}")
        try:
            guarded = _is_guarded(blob)
        except NotFound:
            return problem(
                f"There is no bucket {settings.gcs_bucket}.", "Create it, or set TAXI_GCS_BUCKET to another."
            )
    if not guarded:
        return problem(
            "The bucket ignores generation preconditions.", "Is it Cloud Storage? Two runs could mix their months."
        )
    return ok(f"gs://{settings.gcs_bucket}: objects can be created, guarded and removed")


def dataset(settings: Settings) -> Finding:
    """Whether the dataset exists, in the location of TAXI_BQ_LOCATION. Raises TaxiError."""
    if settings.bq_dataset is None:
        return off(NO_DATASET)
    location = _dataset_location(settings)
    name = f"{settings.gcp_project}.{settings.bq_dataset}"
    if location is None:
        return ok(f"{name} is not there yet: the first load creates it in {settings.bq_location}, if it may")
    if location.upper() != settings.bq_location.upper():
        return problem(f"{name} is in {location}, not in {settings.bq_location}.", f"Set TAXI_BQ_LOCATION={location}.")
    return ok(f"{name} in {location}")


def rights(settings: Settings) -> Finding:
    """Whether we may run jobs in the project, and create tables in the dataset. Raises TaxiError."""
    if settings.bq_dataset is None:
        return off(NO_DATASET)
    with _translated_errors(
        "Grant roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on the dataset."
    ):
        client = _bigquery_client(settings)
        client.query("SELECT 1", timeout=SECONDS, retry=_retry()).result(timeout=SECONDS)
        if not _can_create_table(client, settings.bq_dataset):
            return ok("jobs run; whether tables can be created shows once the dataset exists")
    return ok("jobs run, tables can be created")


def locations(settings: Settings) -> Finding:
    """Whether BigQuery can load from the bucket, which depends on both locations. Raises TaxiError."""
    if settings.bq_dataset is None or settings.gcs_bucket is None:
        return off("not both a bucket and a dataset are set")
    from google.api_core.exceptions import Forbidden, NotFound

    there = _dataset_location(settings) or settings.bq_location
    found = _storage_client(settings).bucket(settings.gcs_bucket)
    try:
        found.reload(timeout=SECONDS, retry=_retry())
    except Forbidden:
        return off("not known: storage.buckets.get is not granted, and only this check needs it")
    except NotFound:
        return off("not known: there is no bucket")
    where = f"bucket in {found.location}, dataset in {there}"
    if loads_from(found.location, there):
        return ok(where)
    return problem(where, "Create the bucket where the dataset is: BigQuery loads from its own location only.")


def loads_from(bucket: str, dataset: str) -> bool:
    """Google's rule: a dataset in US loads from anywhere, one in EU from the EU, any other from its own region."""
    bucket, dataset = bucket.upper(), dataset.upper()
    if dataset == "EU":
        return bucket.startswith(("EU", "EUROPE-"))
    return dataset in {"US", bucket}


@contextmanager
def _translated_errors(advice: str) -> Iterator[None]:
    """Raises TaxiError for what Google does not let us do, with the way to get the right or the login."""
    from google.api_core.exceptions import Forbidden
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except Forbidden as error:
        raise TaxiError(f"Google does not allow it: {error.message}.", advice) from error
    except GoogleAuthError as error:
        raise TaxiError(f"Not logged in to Google: {message_of(error)}.", LOGIN) from error


def _retry() -> Retry:
    """A short retry; by default Google's clients try for ten minutes."""
    from google.api_core.retry import Retry

    return Retry(timeout=SECONDS)


def _storage_client(settings: Settings) -> StorageClient:
    from google.cloud import storage

    return storage.Client(project=settings.gcp_project)


def _bigquery_client(settings: Settings) -> Client:
    from google.cloud import bigquery

    return bigquery.Client(project=settings.gcp_project, location=settings.bq_location)


def _is_guarded(blob: Blob) -> bool:
    """Creates an object twice, each time as a new one, and removes it; True when the second attempt was refused."""
    from google.api_core.exceptions import PreconditionFailed

    _create(blob)
    try:
        _create(blob)
    except PreconditionFailed:
        return True
    else:
        return False
    finally:
        blob.delete(timeout=SECONDS, retry=_retry())


def _create(blob: Blob) -> None:
    blob.upload_from_string(b"doctor", if_generation_match=0, timeout=SECONDS, retry=_retry())


def _dataset_location(settings: Settings) -> str | None:
    """Where the dataset is; None when it does not exist yet. Raises TaxiError."""
    from google.api_core.exceptions import NotFound

    with _translated_errors("Grant roles/bigquery.dataEditor on the dataset."):
        client = _bigquery_client(settings)
        try:
            return str(client.get_dataset(settings.bq_dataset or "", timeout=SECONDS, retry=_retry()).location)
        except NotFound:
            return None


def _can_create_table(client: Client, name: str) -> bool:
    """Creates a table and removes it; False when there is no dataset to create it in."""
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
