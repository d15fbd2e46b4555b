"""One server for all processes: found again, shared, stopped by any of them, alive when its starter is killed."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets_tests.helpers.embedded_postgres import (
    PROJECT,
    START_AND_STAY,
    command,
    in_another_process,
    main,
    port_of,
    postmaster,
    save,
    saved,
    starts,
    wait_for,
)

pytestmark = pytest.mark.slow


def test_next_process_finds_the_same_server(postgres: EmbeddedPostgres) -> None:
    url = in_another_process("start", postgres)
    save(url, 1)
    assert in_another_process("start", postgres) == postgres.start() == url
    assert saved(url) == [1]
    assert starts(postgres) == 1


def test_finding_a_running_server_starts_no_process(running: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    url = running.start()
    monkeypatch.setattr(subprocess, "Popen", None)
    assert running.start() == url


def test_processes_that_start_at_once_share_one_server(postgres: EmbeddedPostgres) -> None:
    processes = [
        subprocess.Popen(command("start", postgres), cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    urls = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert urls == {postgres.running_url()}
    assert starts(postgres) == 1


def test_server_survives_kill_9_of_its_starter(postgres: EmbeddedPostgres) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", START_AND_STAY, str(postgres.folder)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert starter.stdout is not None
    url = starter.stdout.readline().strip()
    os.killpg(starter.pid, signal.SIGKILL)  # as a terminal that is closed does: the whole group
    starter.communicate(timeout=20)
    save(url, 1)
    assert postgres.start() == url
    assert os.getsid(postmaster(postgres)) == postmaster(postgres)


@pytest.mark.parametrize("moment", ["new-*", "pgpass", "data/postmaster.pid"])
def test_start_killed_half_way_does_not_hinder_the_next(postgres: EmbeddedPostgres, moment: str) -> None:
    starter = subprocess.Popen(command("start", postgres), cwd=PROJECT, stdout=subprocess.DEVNULL)
    wait_for(lambda: any(postgres.folder.glob(moment)))
    starter.kill()
    starter.wait(timeout=20)
    save(postgres.start(), 1)
    assert starts(postgres) == 1


def test_left_overs_of_a_killed_start_are_removed(postgres: EmbeddedPostgres) -> None:
    left_over = postgres.folder / "new-1234" / "data"
    left_over.mkdir(parents=True)
    postgres.start()
    assert not left_over.parent.exists()


def test_stop_ends_the_server_and_its_sessions(postgres: EmbeddedPostgres) -> None:
    url = postgres.start()
    session = psycopg.connect(url)
    assert postgres.stop() is True
    with pytest.raises(psycopg.OperationalError):
        session.execute("select 1")
    assert postgres.running_url() is None
    assert postgres.stop() is False
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port_of(url)))
    assert not (postgres.folder / "data" / "postmaster.pid").exists()


def test_server_of_another_process_is_stopped_by_command(postgres: EmbeddedPostgres) -> None:
    url = postgres.start()
    assert in_another_process("status", postgres) == url
    assert in_another_process("stop", postgres) == "The server is stopped."
    assert in_another_process("stop", postgres) == "The server was not running."
    assert postgres.running_url() is None


def test_asking_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(tmp_path / "none")]) == 1
    assert main(["stop", str(tmp_path / "none")]) == 0
    assert capsys.readouterr().out == "The server is not running.\nThe server was not running.\n"
    assert not list(tmp_path.iterdir())


def test_server_of_the_settings_is_stopped_whatever_else_they_say(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAXI_HOME", str(postgres.folder.parent))
    assert main(["start"]) == 0
    assert main(["status"]) == 0
    assert capsys.readouterr().out == f"{postgres.running_url()}\n" * 2
    monkeypatch.setenv("TAXI_PUBLISHER", "misspelt")
    monkeypatch.setenv("TAXI_POSTGRES_BIN", "/gone")
    assert "TAXI_PUBLISHER" in str(main(["start"]))
    assert main(["stop"]) == 0
    assert capsys.readouterr().out == "The server is stopped.\n"
    assert postgres.running_url() is None
