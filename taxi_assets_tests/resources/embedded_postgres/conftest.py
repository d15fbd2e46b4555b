"""Embedded servers: one of a test's own, and one for all tests that only talk to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "a clone" / "postgres")
    yield server
    server.stop()


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One server for all tests that only talk to it."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("running") / "a clone" / "postgres")
    server.start()
    yield server
    server.stop()
