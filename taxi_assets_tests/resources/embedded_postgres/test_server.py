"""What a user can rely on of the embedded Postgres: real servers, killed, copied and started all at once."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from taxi_assets.resources.embedded_postgres import account as account_module
from taxi_assets.resources.embedded_postgres import server as embedded_postgres
from taxi_assets.resources.embedded_postgres.account import Account
from taxi_assets.resources.embedded_postgres.command import postgres as postgres_command
from taxi_assets.resources.embedded_postgres.folder import EmbeddedPostgresError, ServerFolder
from taxi_assets.resources.embedded_postgres.programs import find_programs
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets_tests.helpers.other_user import other_user

PROJECT = Path(__file__).parents[3]
MODULE = "taxi_assets.resources.embedded_postgres"
START_AND_STAY = f"import sys, time; from {MODULE}.server import *; from pathlib import Path; " + (
    "print(EmbeddedPostgres(Path(sys.argv[1])).start(), flush=True); time.sleep(600)"
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="is about root, and the tests run as an ordinary user")
with_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc, which is Linux's")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "a clone" / "postgres")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One server for all tests that only talk to it."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("running") / "a clone" / "postgres")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter; pytest's are closed to all but the one who runs the tests."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def main(arguments: list[str]) -> int | str | None:
    """Gives the command to this process; returns what it exits with: 0, or 1, or an error's text, which counts as 1."""
    with pytest.raises(SystemExit) as ended:
        postgres_command(arguments)
    return ended.value.code


def command(action: str, server: EmbeddedPostgres) -> list[str]:
    return [sys.executable, "-m", MODULE, action, str(server.folder)]


def in_another_process(action: str, server: EmbeddedPostgres) -> str:
    """Ends only when nobody holds the other ends of its pipes any more."""
    done = subprocess.run(command(action, server), cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def postmaster(server: EmbeddedPostgres) -> int:
    return int((server.folder / "data" / "postmaster.pid").read_text().split()[0])


def port_of(url: str) -> int:
    port = sqlalchemy.make_url(url).port
    assert port is not None
    return port


def save(url: str, value: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists saved (value int)")
        connection.execute("insert into saved values (%s)", [value])


def saved(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("select value from saved order by value")]


def starts(server: EmbeddedPostgres) -> int:
    return (server.folder / "log").read_text().count("starting PostgreSQL")


def wait_for(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)


# Clients


def test_starts_a_server_that_answers_queries(postgres: EmbeddedPostgres) -> None:
    assert postgres.running_url() is None
    url = postgres.start()
    assert postgres.running_url() == url
    with psycopg.connect(url) as connection:
        row = connection.execute("select current_user, current_database(), 1 + 1").fetchone()
    assert row == ("taxi", "ny_taxi", 2)


def test_url_works_in_psql(running: EmbeddedPostgres) -> None:
    url = running.start()
    psql = running.programs().path("psql")
    done = subprocess.run([psql, url, "-Atc", "select 40 + 2"], capture_output=True, text=True, check=True)
    assert done.stdout == "42\n"


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_url_works_in_sqlalchemy(running: EmbeddedPostgres, driver: str) -> None:
    url = running.start().replace("postgresql://", f"postgresql+{driver}://")
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("select 40 + 2")).scalar_one() == 42
    engine.dispose()


def test_commits_are_durable_and_answers_the_same_everywhere(running: EmbeddedPostgres) -> None:
    expected = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "wal_level": "minimal",
        "TimeZone": "UTC",
        "DateStyle": "ISO, MDY",
        "server_encoding": "UTF8",
    }
    with psycopg.connect(running.start()) as connection:
        for name, value in expected.items():
            assert connection.execute("select current_setting(%s)", [name]).fetchone() == (value,)


def test_another_database_of_the_same_server_is_made_on_demand(running: EmbeddedPostgres) -> None:
    url = running.start()
    other = EmbeddedPostgres(running.folder, database='other "taxi"?')
    assert other.running_url() is None
    with psycopg.connect(other.start()) as connection:
        assert connection.execute("select current_database()").fetchone() == ('other "taxi"?',)
    assert port_of(other.start()) == port_of(url)


def test_command_starts_a_database_of_any_name(running: EmbeddedPostgres, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["start", str(running.folder), "--database", "dagster"]) == 0
    with psycopg.connect(capsys.readouterr().out.strip()) as connection:
        assert connection.execute("select current_database()").fetchone() == ("dagster",)


# Secrets


def test_password_is_in_a_file_of_ours_only(running: EmbeddedPostgres) -> None:
    url = running.start()
    passfile = running.folder / "pgpass"
    password = passfile.read_text().strip().split(":")[-1]
    assert passfile.read_text() == f"127.0.0.1:*:*:taxi:{password}\n"
    assert stat.S_IMODE(passfile.stat().st_mode) == 0o600
    assert password not in url
    assert password not in (running.folder / "log").read_text()
    assert not list(running.folder.glob("new-*"))


def test_nobody_enters_without_the_password(running: EmbeddedPostgres) -> None:
    url = running.start()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url.split("?")[0], password="guess")  # noqa: S106


def test_listens_on_the_loopback_only(running: EmbeddedPostgres) -> None:
    with psycopg.connect(running.start()) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("show unix_socket_directories").fetchone() == ("",)


@with_proc
def test_server_does_not_keep_the_environment_of_its_starter(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    postgres.start()
    assert b"s3cret" not in Path(f"/proc/{postmaster(postgres)}/environ").read_bytes()


# Finding it again


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


# Faults


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


# Stopping


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


# Accounts


@as_root
def test_root_needs_no_open_parent_folder(tmp_path: Path) -> None:
    closed = tmp_path / "only root's"
    closed.mkdir(mode=0o700)
    if not account_module.in_user_namespace().can_use(closed, find_programs().path("postgres")):
        pytest.skip("user namespaces are refused here, and no other account can enter root's folders")
    postgres = EmbeddedPostgres(closed / "postgres")
    try:
        save(postgres.start(), 1)
        assert (postgres.folder / "data").stat().st_uid == 0
        postgres.stop()
        assert saved(postgres.start()) == [1]
    finally:
        postgres.stop()


def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Account(prefix=("no-such-unshare", "--user"))
    monkeypatch.setattr(account_module, "in_user_namespace", lambda: refused)


@as_root
def test_root_becomes_nobody_where_user_namespaces_are_refused(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (nobody,) = account_module.as_nobody()
    postgres = EmbeddedPostgres(open_folder / "postgres")
    if not nobody.can_use(open_folder, find_programs().path("postgres")):
        pytest.skip("nobody cannot enter the folder of the wheel's programs here")
    with monkeypatch.context() as patch:
        no_namespaces(patch)
        try:
            save(postgres.start(), 1)
            assert (postgres.folder / "data").stat().st_uid == nobody.uid
        finally:
            postgres.stop()
    try:
        assert saved(postgres.start()) == [1], "the data stay nobody's, whatever else would work now"
    finally:
        postgres.stop()


@as_root
def test_data_of_root_are_given_to_nobody_when_user_namespaces_are_refused_later(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (nobody,) = account_module.as_nobody()
    program = find_programs().path("postgres")
    if not all(each.can_use(open_folder, program) for each in (account_module.in_user_namespace(), nobody)):
        pytest.skip("needs a user namespace first and nobody afterwards, and one of them does not work here")
    postgres = EmbeddedPostgres(open_folder / "postgres")
    try:
        save(postgres.start(), 1)
        postgres.stop()
        no_namespaces(monkeypatch)
        assert saved(postgres.start()) == [1]
    finally:
        postgres.stop()


@as_root
def test_root_without_any_account_is_told_what_to_do(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_namespaces(monkeypatch)
    postgres.folder.parent.mkdir(mode=0o700)
    with pytest.raises(EmbeddedPostgresError, match=r"run as an ordinary user.*TAXI_POSTGRES_URL"):
        postgres.start()


@as_root
def test_ordinary_user_needs_nothing_special(open_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    user = other_user(nobody.pw_uid, nobody.pw_gid)
    os.chown(open_folder, user.uid, user.gid)
    postgres = EmbeddedPostgres(open_folder / "postgres")

    def as_ordinary_user(action: str) -> str:
        done = user.run("-m", MODULE, action, str(postgres.folder))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    try:
        url = as_ordinary_user("start")
        save(url, 1)
        assert postgres.running_url() == url, "root finds the server of another user"
        assert as_ordinary_user("stop") == "The server is stopped."
        assert saved(postgres.start()) == [1], "root starts it for the user who owns the folder"
        assert as_ordinary_user("status") == postgres.running_url()
        assert postgres.stop()
        assert as_ordinary_user("start") == url, "and leaves nothing that the user may not touch"
    finally:
        postgres.stop()


@as_root
def test_folder_of_another_user_is_refused_with_a_reason(open_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    (open_folder / "postgres").mkdir(mode=0o700)
    done = other_user(nobody.pw_uid, nobody.pw_gid).run("-m", MODULE, "start", str(open_folder / "postgres"))
    assert done.returncode == 1
    assert "Permission denied" in done.stderr
    assert "choose another folder" in done.stderr
    assert "Traceback" not in done.stderr


# Errors


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


def test_does_not_need_dagster() -> None:
    check = f"import sys, {MODULE}.command, {MODULE}.server; assert not {{'dagster', 'pyarrow'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], cwd=PROJECT, check=True)
