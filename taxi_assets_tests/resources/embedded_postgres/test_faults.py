"""What goes wrong on a machine and must lose no data: kills, stale files, copied folders, taken ports."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from taxi_assets.resources.embedded_postgres.folder import ServerFolder
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets_tests.helpers.embedded_postgres import (
    in_another_process,
    port_of,
    postmaster,
    save,
    saved,
    starts,
    wait_for,
)

pytestmark = pytest.mark.slow


def test_data_survive_kill_9_of_the_server(postgres: EmbeddedPostgres) -> None:
    save(postgres.start(), 1)
    killed = postmaster(postgres)
    os.kill(killed, signal.SIGKILL)
    assert saved(postgres.start()) == [1]
    assert postmaster(postgres) != killed


def test_data_survive_kill_9_of_a_busy_server(postgres: EmbeddedPostgres) -> None:
    """A session at work outlives its postmaster; the new server waits for it, and keeps what it committed."""
    url = in_another_process("start", postgres)
    save(url, 1)
    work = "insert into saved values (2); select count(*) from generate_series(1, 10000000)"
    psql = postgres.programs().path("psql")
    session = subprocess.Popen([psql, url, "-c", f"begin; {work}; commit"], stdout=subprocess.DEVNULL)
    with psycopg.connect(url, autocommit=True) as connection:
        busy = "select count(*) from pg_stat_activity where state = 'active' and query like 'begin;%'"
        wait_for(lambda: connection.execute(busy).fetchone() == (1,))
    os.kill(postmaster(postgres), signal.SIGKILL)
    url = postgres.start()
    committed = session.wait(timeout=20) == 0
    assert saved(url) == ([1, 2] if committed else [1])


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A living process that has nothing to do with us."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def test_stale_pid_file_is_not_mistaken_for_a_server(
    postgres: EmbeddedPostgres, stranger: subprocess.Popen[bytes]
) -> None:
    save(postgres.start(), 1)
    pid_file = postgres.folder / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    postgres.stop()
    with socket.create_server(("127.0.0.1", int(lines[3]))):
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert postgres.running_url() is None
        assert postgres.stop() is False
        assert stranger.poll() is None
        assert saved(postgres.start()) == [1]
        assert postgres.stop() is True
    assert stranger.poll() is None


def test_zombie_is_not_mistaken_for_a_server(postgres: EmbeddedPostgres) -> None:
    save(postgres.start(), 1)
    os.kill(postmaster(postgres), signal.SIGKILL)
    pid_file = postgres.folder / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    zombie = subprocess.Popen(["true"])
    pid_file.write_text("\n".join([str(zombie.pid), *lines[1:]]) + "\n")
    assert saved(postgres.start()) == [1]
    zombie.wait()


def test_copy_of_a_folder_gets_a_server_of_its_own(postgres: EmbeddedPostgres) -> None:
    save(postgres.start(), 1)
    postgres.stop()
    copy = EmbeddedPostgres(postgres.folder.with_name("copy"))
    shutil.copytree(postgres.folder, copy.folder)
    (copy.folder / "pgpass").chmod(0o644)
    save(postgres.start(), 2)
    shutil.copy(postgres.folder / "data" / "postmaster.pid", copy.folder / "data")
    assert copy.running_url() is None
    try:
        assert saved(copy.start()) == [1]
        assert saved(postgres.start()) == [1, 2]
    finally:
        copy.stop()
    assert postgres.running_url() is not None


def test_port_is_kept_from_start_to_start(postgres: EmbeddedPostgres) -> None:
    url = postgres.start()
    postgres.stop()
    assert postgres.start() == url


def test_taken_port_is_left_to_its_new_owner(postgres: EmbeddedPostgres) -> None:
    url = postgres.start()
    save(url, 1)
    passfile = (postgres.folder / "pgpass").read_bytes()
    postgres.stop()
    with socket.create_server(("127.0.0.1", port_of(url))):
        new_url = postgres.start()
        assert port_of(new_url) != port_of(url)
        assert saved(new_url) == [1]
    assert (postgres.folder / "pgpass").read_bytes() == passfile


def test_port_taken_while_the_server_starts_costs_another_try(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free_port = ServerFolder.choose_port
        ports = iter([taken.getsockname()[1]])
        monkeypatch.setattr(ServerFolder, "choose_port", lambda files: next(ports, None) or free_port(files))
        assert port_of(postgres.start()) != taken.getsockname()[1]


@pytest.mark.parametrize("name", ['it\'s $HOME `x` "y"', "100%+é#?&", "x" * 200])
def test_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    postgres = EmbeddedPostgres(tmp_path / name)
    try:
        save(postgres.start(), 1)
        psql = postgres.programs().path("psql")
        subprocess.run([psql, postgres.start(), "-c", "select 1"], capture_output=True, check=True)
    finally:
        assert postgres.stop()


def test_log_does_not_grow_for_ever(postgres: EmbeddedPostgres) -> None:
    for _ in range(3):
        postgres.start()
        assert starts(postgres) == 1
        postgres.stop()
    assert (postgres.folder / "log.previous").read_text().count("starting PostgreSQL") == 1
