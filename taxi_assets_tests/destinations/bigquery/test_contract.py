"""BigQuery does what every database of trips must do; it brings `place` from conftest.py."""

from taxi_assets_tests.destinations.contract import TableStoreContract


class TestBigQuery(TableStoreContract):
    pass
