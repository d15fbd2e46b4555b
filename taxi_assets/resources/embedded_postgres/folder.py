"""The folder of an embedded Postgres server: its files, and how they are created and checked before a start.

    data           the cluster, which is whole or absent
    pgpass         the password, in the format of libpq's password file
    port           the last port, taken again if it is free
    log            written since the last start; log.previous is from the start before
    lock, alive    locked by whoever starts or stops the server, and by the server's own processes

Processes and connections are in `server.py`.
"""

import os
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from taxi_assets.resources.embedded_postgres.account import Account, with_name
from taxi_assets.resources.embedded_postgres.configuration import CONFIGURATION, HOST
from taxi_assets.resources.embedded_postgres.programs import Programs

SUPERUSER = "taxi"
DATABASE = "ny_taxi"
"""The database of the trips."""

NAMELESS = (
    "this user id has no name, and initdb needs one to create the data; neither a user namespace (unshare --user) nor "
    "libnss_wrapper can give it one here: run as a user that is in /etc/passwd, or install libnss-wrapper"
)
NO_MODES = (
    "the folder is on a file system without file permissions (chmod has no effect there), such as a Windows drive "
    "under WSL; PostgreSQL keeps no data there. Set TAXI_HOME to a folder of this system's own disk, such as ~/taxi"
)


class EmbeddedPostgresError(RuntimeError):
    """The server cannot be created, found, started or stopped; the message says why, and what to do."""


@dataclass(frozen=True)
class ServerFolder:
    """The files in the folder `root`, an absolute path without symbolic links."""

    root: Path

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.root / "data"

    @property
    def passfile(self) -> Path:
        """The password file of clients, so that no URL or command line holds the password."""
        return self.root / "pgpass"

    @property
    def log(self) -> Path:
        """The server's log since its last start."""
        return self.root / "log"

    @property
    def alive(self) -> Path:
        """The file that is locked while a process of the server is alive."""
        return self.root / "alive"

    def fail(self, cause: str, origin: BaseException | None = None) -> NoReturn:
        """Raises EmbeddedPostgresError, which quotes the log and names the alternative to the embedded server."""
        tail = self.log_tail()
        quoted = f"\nThe last lines of {self.log}:\n{tail}" if tail else ""
        way_out = "Or set TAXI_POSTGRES_URL to a PostgreSQL server of your own."
        message = f"Embedded Postgres in {self.root}: {cause}. {way_out}{quoted}"
        raise EmbeddedPostgresError(message) from origin

    def log_tail(self) -> str:
        """The last lines of the log; empty if it cannot be read."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        except OSError:
            return ""

    def version(self) -> int | None:
        """The major version of the PostgreSQL that wrote the data; None while there is no data."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def password(self) -> str:
        """The superuser's password. Raises EmbeddedPostgresError when its file is gone."""
        try:
            return self.passfile.read_text().strip().rpartition(":")[2]
        except FileNotFoundError:
            self.fail(
                f"{self.passfile}, which holds the password of the data, is gone: put it back; or end the "
                "server (kill -INT and the first number in data/postmaster.pid) and delete the folder"
            )

    def prepare(self, account: Account, programs: Programs) -> None:
        """Creates or checks all that a server needs to start here. Raises EmbeddedPostgresError."""
        for leftover in self.root.glob("new-*"):  # by a process that was killed while it created the data
            shutil.rmtree(leftover, ignore_errors=True)
        if not self.data.exists():
            self._make_data(account, programs)
        self._check_version(programs)
        (self.data / "postgresql.conf").write_text(CONFIGURATION)
        self.password()
        # A copied folder may have other modes, and libpq ignores a password file that others can read.
        self.passfile.chmod(0o600)
        self.alive.touch()
        (self.root / "port").touch()
        account.own(self.root)

    def begin_log(self, account: Account) -> None:
        """Starts a new log, as one would grow forever; keeps the last, which may say why the server ended."""
        if self.log.exists():
            self.log.replace(self.root / "log.previous")
        self.log.touch()
        account.own(self.log)

    def choose_port(self) -> int:
        """The port of the last start if it is free, else any other."""
        kept = self.root / "port"
        last = kept.read_text()
        port = _free_port(int(last) if last.isdecimal() else 0)
        kept.write_text(str(port))
        return port

    def _make_data(self, account: Account, programs: Programs) -> None:
        password = secrets.token_urlsafe(32)
        with TemporaryDirectory(prefix="new-", dir=self.root) as new:
            if not _keeps_modes(Path(new)):
                self.fail(NO_MODES)
            password_file = Path(new) / "password"
            password_file.write_text(password)
            account.own(self.root)
            named = with_name(account, Path(new))
            if named is None:
                self.fail(NAMELESS)
            # fmt: off
            done = named.run(
                programs.path("initdb"), "-D", Path(new) / "data", "-U", SUPERUSER,
                "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions",
                "--data-checksums", "--encoding=UTF8", *programs.locale,
            )
            # fmt: on
            if done.returncode != 0:
                self.fail(f"initdb failed: {done.stdout.strip()}")
            # For any port, so that the file stays valid when the port changes.
            self._write_passfile(f"{HOST}:*:*:{SUPERUSER}:{password}\n")
            (Path(new) / "data").rename(self.data)
        folder = os.open(self.root, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _write_passfile(self, line: str) -> None:
        self.passfile.touch(mode=0o600)
        self.passfile.chmod(0o600)
        with self.passfile.open("w") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def _check_version(self, programs: Programs) -> None:
        data_version = self.version()
        if programs.major != data_version:
            self.fail(
                f"PostgreSQL {data_version} wrote the data, and the programs found are {programs}. To keep the data: "
                f"set TAXI_POSTGRES_BIN to the folder of the programs of PostgreSQL {data_version}; its pg_dump can "
                "save them for a newer one. To drop the data: delete the folder"
            )


def _keeps_modes(folder: Path) -> bool:
    """Whether chmod has an effect on a folder of ours; ends with the mode 700, which initdb wants."""
    try:
        for mode in (0o750, 0o700):
            folder.chmod(mode)
            if folder.stat().st_mode & 0o777 != mode:
                return False
    except PermissionError:  # some file systems refuse what they cannot keep
        return False
    return True


def _free_port(wanted: int) -> int:
    """The port `wanted` if nothing listens there, else any free one; 0 stands for any."""
    with socket.socket() as probe:
        # As PostgreSQL does: lingering connections of the last server do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except (OSError, OverflowError):
            if wanted == 0:
                raise
            return _free_port(0)
        return int(probe.getsockname()[1])
