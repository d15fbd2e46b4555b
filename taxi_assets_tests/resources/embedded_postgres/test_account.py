"""A user id that no name belongs to (`docker run --user 12345`) has a local Postgres like everybody."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from taxi_assets.resources.embedded_postgres import account as account_module
from taxi_assets.resources.embedded_postgres.account import Account
from taxi_assets.resources.embedded_postgres.programs import Programs
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets_tests.helpers.other_user import OtherUser, other_user
from taxi_assets_tests.resources.embedded_postgres.test_programs import machines, wheels

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can try another user id"),
]

MODULE = "taxi_assets.resources.embedded_postgres"
WITHOUT = f"""
import sys
from {MODULE} import account
from {MODULE}.command import postgres
account.in_user_namespace = lambda: account.Account(prefix=("no-such-unshare",))
if "nss_wrapper" not in sys.argv[2:]:
    account.NSS_WRAPPER = ()
postgres(["start", sys.argv[1]])
"""
"""Starts a server as where user namespaces are refused, and without libnss_wrapper unless it is asked for."""


@pytest.fixture
def uid() -> int:
    named = {entry.pw_uid for entry in pwd.getpwall()}
    return next(number for number in range(12_345, 60_000) if number not in named)


@pytest.fixture
def postgres(uid: int) -> Iterator[EmbeddedPostgres]:
    """In a folder of the user's; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, uid, uid)
        server = EmbeddedPostgres(Path(folder) / "taxi" / "postgres")
        yield server
        server.stop()


def namespaces_are_allowed(uid: int) -> None:
    if not Account(prefix=account_module.in_user_namespace().prefix, uid=uid, gid=uid).has_name():
        pytest.skip("user namespaces are refused here: a name cannot be had from one")


def url_of(user: OtherUser, postgres: EmbeddedPostgres, *arguments: str) -> str:
    done = user.run(*(arguments or ("-m", MODULE, "start")), str(postgres.folder))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("home", [{}, {"HOME": "/"}], ids=["no HOME", "HOME is /"])
@pytest.mark.parametrize("source", [wheels, machines])
def test_the_server_is_made_found_stopped_and_started_again(
    uid: int, postgres: EmbeddedPostgres, source: Callable[[], Programs], home: dict[str, str]
) -> None:
    namespaces_are_allowed(uid)
    settings = {"TAXI_HOME": str(postgres.folder.parent), "TAXI_POSTGRES_BIN": str(source().folder)}
    user = other_user(uid, uid, **settings, **home)

    def as_the_user(action: str) -> str:
        done = user.run("-m", MODULE, action)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    url = as_the_user("start")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE saved AS SELECT 1 AS value")
    assert as_the_user("status") == url
    assert {path.stat().st_uid for path in postgres.folder.rglob("*")} == {uid}
    assert as_the_user("stop") == "The server is stopped."
    with psycopg.connect(as_the_user("start")) as connection:
        assert connection.execute("SELECT value FROM saved").fetchall() == [(1,)]


def test_data_that_are_there_need_no_name(uid: int, postgres: EmbeddedPostgres) -> None:
    namespaces_are_allowed(uid)
    user = other_user(uid, uid)
    url_of(user, postgres)
    assert postgres.stop()
    assert url_of(user, postgres, "-c", WITHOUT)


def test_root_makes_them_for_a_user_without_a_name(uid: int, postgres: EmbeddedPostgres) -> None:
    namespaces_are_allowed(uid)
    postgres.folder.mkdir(parents=True)
    os.chown(postgres.folder, uid, uid)
    if not Account(uid=uid, gid=uid).can_use(postgres.folder.parent, postgres.programs().path("postgres")):
        pytest.skip("another user cannot enter the folder of PostgreSQL's programs here")
    assert psycopg.connect(postgres.start()).info.dbname == "ny_taxi"
    assert (postgres.folder / "data").stat().st_uid == uid


def test_libnss_wrapper_gives_a_name_where_user_namespaces_are_refused(uid: int, postgres: EmbeddedPostgres) -> None:
    if not any(found for place in account_module.NSS_WRAPPER for found in Path("/").glob(place)):
        pytest.skip("libnss_wrapper is not installed here: a name cannot be had from it")
    assert url_of(other_user(uid, uid), postgres, "-c", WITHOUT, str(postgres.folder), "nss_wrapper")
    assert not list(postgres.folder.glob("new-*"))


def test_where_no_name_can_be_had_the_ways_out_are_told(uid: int, postgres: EmbeddedPostgres) -> None:
    done = other_user(uid, uid).run("-c", WITHOUT, str(postgres.folder))
    assert done.returncode == 1
    assert "this user id has no name" in done.stderr
    assert "libnss-wrapper" in done.stderr
    assert "TAXI_POSTGRES_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(postgres.folder.glob("new-*"))
