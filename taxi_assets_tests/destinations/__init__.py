"""Months in every kind of place."""

import pytest

pytest.register_assert_rewrite("taxi_assets_tests.destinations.contract")
