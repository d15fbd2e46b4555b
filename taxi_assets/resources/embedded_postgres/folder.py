"""The folder of an embedded Postgres server: all that outlives the server's process.

Here: its files, how they are made and checked before a start, and the errors that quote its log. Not here:
processes and connections (embedded_postgres).

    data           the cluster; appears whole or not at all
    pgpass         the password, in the format of libpq's passfile
    port           the last port, taken again if it is free
    log            of the server's present life; log.previous is of the one before
    lock, alive    held by whoever starts or stops the server, and by the server's own processes
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
from taxi_assets.resources.embedded_postgres.programs import Programs

HOST = "127.0.0.1"
SUPERUSER = "taxi"
DATABASE = "ny_taxi"
"""The database of the trips."""

CONFIGURATION = f"""\
# Written anew at every start. To change a setting use ALTER SYSTEM: postgresql.auto.conf wins over this file.

# For this machine only. No Unix socket: its path may have about 100 characters, a clone's can be longer.
listen_addresses = '{HOST}'
unix_socket_directories = ''
max_connections = 50

# Bulk loads on a laptop. No replica reads the write-ahead log, so a load into a new table need not be logged
# row by row; with rare checkpoints a page is written once instead of many times. fsync and synchronous_commit
# stay on, as they are by default: what was committed survives kill -9 and a power cut.
shared_buffers = 128MB
maintenance_work_mem = 128MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
checkpoint_timeout = 15min

# The same answers on every machine, wherever it stands and whatever it speaks.
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'ISO, MDY'
lc_messages = 'C'
"""


NAMELESS = (
    "this user id has no name, and initdb needs one to make the data; neither a user namespace (unshare --user) nor "
    "libnss_wrapper can give it one here: run as a user that is in /etc/passwd, or install libnss-wrapper"
)


class EmbeddedPostgresError(RuntimeError):
    """The server cannot be made, found, started or stopped; the message says why, and what to do."""


@dataclass(frozen=True)
class ServerFolder:
    """The files below `root`, an absolute path without symbolic links."""

    root: Path

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.root / "data"

    @property
    def passfile(self) -> Path:
        """Where clients read the password: no URL or command line holds it."""
        return self.root / "pgpass"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.root / "log"

    @property
    def alive(self) -> Path:
        """Locked while a process of the server lives."""
        return self.root / "alive"

    def fail(self, cause: str, origin: BaseException | None = None) -> NoReturn:
        """Raise an error that quotes the log and names the way around the embedded server."""
        tail = self.log_tail()
        quoted = f"\nThe last lines of {self.log}:\n{tail}" if tail else ""
        way_out = "Or set TAXI_POSTGRES_URL to a PostgreSQL server of your own."
        message = f"Embedded Postgres in {self.root}: {cause}. {way_out}{quoted}"
        raise EmbeddedPostgresError(message) from origin

    def log_tail(self) -> str:
        """The end of the log, or nothing if there is none to read."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        except OSError:
            return ""

    def version(self) -> int | None:
        """The PostgreSQL that wrote the data; None while there are none."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def password(self) -> str:
        """The superuser's password."""
        try:
            return self.passfile.read_text().strip().rpartition(":")[2]
        except FileNotFoundError:
            self.fail(
                f"{self.passfile}, which holds the password of the data, is gone: put it back; or end the "
                "server (kill -INT and the first number in data/postmaster.pid) and delete the folder"
            )

    def prepare(self, account: Account, programs: Programs) -> None:
        """Make or check everything that a server needs to start here."""
        for left_over in self.root.glob("new-*"):  # of a process that was killed while it made the data
            shutil.rmtree(left_over, ignore_errors=True)
        if not self.data.exists():
            self._make_data(account, programs)
        self._check_version(programs)
        (self.data / "postgresql.conf").write_text(CONFIGURATION)
        self.password()
        # A copied folder may have laxer modes, and libpq passes over a passfile that others can read.
        self.passfile.chmod(0o600)
        self.alive.touch()
        (self.root / "port").touch()
        account.own(self.root)

    def begin_log(self, account: Account) -> None:
        """A new log for a new life, or it would grow for ever; the last life's may say how that ended."""
        if self.log.exists():
            self.log.replace(self.root / "log.previous")
        self.log.touch()
        account.own(self.log)

    def choose_port(self) -> int:
        """The port of last time if it is free, else any other."""
        kept = self.root / "port"
        last = kept.read_text()
        port = _free_port(int(last) if last.isdecimal() else 0)
        kept.write_text(str(port))
        return port

    def _make_data(self, account: Account, programs: Programs) -> None:
        password = secrets.token_urlsafe(32)
        with TemporaryDirectory(prefix="new-", dir=self.root) as new:
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
            # Any port, so that the file stays as it is when the port changes.
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
        of_data = self.version()
        if programs.major != of_data:
            self.fail(
                f"PostgreSQL {of_data} wrote the data, and what would read them is {programs}. To keep the data: set "
                f"TAXI_POSTGRES_BIN to the folder of the programs of PostgreSQL {of_data}; with its pg_dump they can "
                "be saved and loaded into a newer one. To drop the data: delete the folder"
            )


def _free_port(wanted: int) -> int:
    """The port wanted, or another if somebody listens there; 0 wants any."""
    with socket.socket() as probe:
        # As PostgreSQL does: connections of the last server that linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except (OSError, OverflowError):
            if wanted == 0:
                raise
            return _free_port(0)
        return int(probe.getsockname()[1])
