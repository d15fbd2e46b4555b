"""An empty dataset on the local BigQuery server."""

from collections.abc import Iterator

import pytest
from google.cloud import bigquery as google_bigquery
from google.cloud import storage

from taxi_assets.destinations.gcs.bucket import Bucket
from taxi_assets_tests.destinations.bigquery.place import BigQueryPlace
from taxi_assets_tests.servers.bigquery import BigQueryServer
from taxi_assets_tests.servers.google_login import PROJECT


@pytest.fixture
def place(bigquery: BigQueryServer, bucket: str) -> Iterator[BigQueryPlace]:
    with google_bigquery.Client(project=PROJECT) as client:
        yield BigQueryPlace(client, Bucket(storage.Client(project=PROJECT), bucket))
