"""Root, ordinary users and nobody: who runs the server, and whose the data are."""

import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from taxi_assets.resources.embedded_postgres import account as account_module
from taxi_assets.resources.embedded_postgres.account import Account
from taxi_assets.resources.embedded_postgres.folder import EmbeddedPostgresError
from taxi_assets.resources.embedded_postgres.programs import find_programs
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets_tests.helpers.embedded_postgres import MODULE, save, saved
from taxi_assets_tests.helpers.other_user import other_user

pytestmark = pytest.mark.slow

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="is about root, and the tests run as an ordinary user")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter; pytest's are closed to all but the one who runs the tests."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


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
