"""What a user is told when the server cannot start, and that it can once the cause is gone."""

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from taxi_assets.resources.embedded_postgres import server as embedded_postgres
from taxi_assets.resources.embedded_postgres.folder import EmbeddedPostgresError
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets_tests.helpers.embedded_postgres import postmaster, save, saved

pytestmark = pytest.mark.slow


def test_data_of_another_postgresql_are_left_alone(postgres: EmbeddedPostgres) -> None:
    save(postgres.start(), 1)
    postgres.stop()
    version = postgres.folder / "data" / "PG_VERSION"
    right = version.read_text()
    version.write_text("17\n")
    with pytest.raises(EmbeddedPostgresError, match=f"PostgreSQL 17 wrote.* are PostgreSQL {right.strip()}.*keep"):
        postgres.start()
    version.write_text(right)
    assert saved(postgres.start()) == [1]


def test_lost_password_is_explained(running: EmbeddedPostgres) -> None:
    running.start()
    passfile = running.folder / "pgpass"
    passfile.rename(passfile.with_name("elsewhere"))
    with pytest.raises(EmbeddedPostgresError, match="pgpass, which holds the password of the data, is gone"):
        running.start()
    passfile.with_name("elsewhere").rename(passfile)


def test_server_that_cannot_start_says_why(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    postgres.stop()
    settings = postgres.folder / "data" / "postgresql.auto.conf"
    settings.write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match=r"(?s)ended while it started.*no_such_setting"):
        postgres.start()
    settings.write_text("")
    assert postgres.start()


def _refuse(*_: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("chmod", [lambda *_: None, _refuse])
def test_a_file_system_without_chmod_is_told_before_initdb_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chmod: Callable[..., None]
) -> None:
    """As on a Windows drive under WSL, where chmod has no effect, or on a FAT disk, which refuses it."""
    monkeypatch.setattr(Path, "chmod", chmod)
    server = EmbeddedPostgres(tmp_path / "postgres")
    with pytest.raises(EmbeddedPostgresError, match=r"chmod has no effect.*Set TAXI_HOME to a folder") as raised:
        server.start()
    assert "initdb" not in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
    assert {path.name for path in server.folder.iterdir()} <= {"lock"}


def test_server_that_does_not_answer_is_not_waited_for_for_ever(
    running: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.start()
    monkeypatch.setattr(embedded_postgres, "TIMEOUT_SECONDS", 0.5)
    os.kill(postmaster(running), signal.SIGSTOP)
    try:
        with pytest.raises(EmbeddedPostgresError, match=r"does not answer.*try again later"):
            running.start()
    finally:
        os.kill(postmaster(running), signal.SIGCONT)
        monkeypatch.undo()
    assert running.start()
