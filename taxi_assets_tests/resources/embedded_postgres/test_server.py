"""What a client finds: a server that answers, keeps what it commits, and lets nobody in without the password."""

import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets_tests.helpers.embedded_postgres import MODULE, PROJECT, main, port_of, postmaster

with_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc, which is Linux's")


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
        psycopg.connect(url.split("?")[0], password="guess")  # noqa: S106 a wrong password


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


def test_does_not_need_dagster() -> None:
    check = f"import sys, {MODULE}.command, {MODULE}.server; assert not {{'dagster', 'pyarrow'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], cwd=PROJECT, check=True)
