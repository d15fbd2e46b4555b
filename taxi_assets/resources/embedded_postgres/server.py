"""A local PostgreSQL server: how the one server of a folder is found, started and stopped (Linux, macOS, WSL).

The folder's files are in `folder.py`, the programs in `programs.py`, the account that they run under in `account.py`,
the process that is found in `postmaster.py`, and the command in `command.py`.
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO
from urllib.parse import quote

import psycopg
from filelock import FileLock, Timeout
from psycopg import sql

from taxi_assets.resources.embedded_postgres.account import ENVIRONMENT, Account, choose_account
from taxi_assets.resources.embedded_postgres.configuration import HOST
from taxi_assets.resources.embedded_postgres.folder import (
    DATABASE,
    SUPERUSER,
    ServerFolder,
)
from taxi_assets.resources.embedded_postgres.postmaster import Postmaster, find_postmaster
from taxi_assets.resources.embedded_postgres.programs import Programs, find_programs

# After a kill the server replays up to 4 GB of write-ahead log (max_wal_size): about a minute on a laptop's disk.
TIMEOUT_SECONDS = 120.0
POLL_SECONDS = 0.02
PORT_TAKEN = "could not create any TCP/IP sockets"


@dataclass(frozen=True)
class EmbeddedPostgres:
    """The server in `folder`, and a database of it. All objects of the same folder stand for the same server.

    `bin` is the folder of PostgreSQL's programs; None finds them. All methods raise EmbeddedPostgresError.
    """

    folder: Path
    database: str = DATABASE
    bin: Path | None = None

    def start(self) -> str:
        """Starts the server unless it runs, and returns the database's URL. The server outlives this process."""
        if (url := self.running_url()) is not None:
            return url
        with self._locked():
            server = self._find("postgres") or self._launch()
            self._create_database(server)
            return self._url(server)

    def running_url(self) -> str | None:
        """The database's URL if the server answers now, else None. Starts and changes nothing."""
        with self._translated_errors():
            server = self._find(self.database)
        return None if server is None else self._url(server)

    def stop(self) -> bool:
        """Stops the server, whoever started it, and waits until it is gone; returns False if it was not running."""
        with self._translated_errors():
            if not self._files.data.exists():
                return False
        with self._locked():
            if not self._is_alive():
                return False
            self._shut_down()
            return True

    def programs(self) -> Programs:
        """The programs that the server is, or would be, started with."""
        with self._translated_errors():
            return find_programs(self.bin, self._files.version())

    @property
    def _files(self) -> ServerFolder:
        return ServerFolder(self.folder.resolve())

    def _url(self, server: Postmaster) -> str:
        place = f"{SUPERUSER}@{HOST}:{server.port}/{quote(self.database, safe='')}"
        return f"postgresql://{place}?passfile={quote(str(self._files.passfile))}"

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            self._files.fail(f"{error}: run as the user who owns the folder, or choose another folder", error)
        except (OSError, psycopg.Error, subprocess.SubprocessError) as error:
            self._files.fail(str(error), error)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lets one process at a time start or stop the server. The kernel releases the lock of a killed one."""
        with self._translated_errors():
            self._files.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                lock = FileLock(self._files.root / "lock").acquire(timeout=2 * TIMEOUT_SECONDS)
            except Timeout:
                self._files.fail("other processes have been starting or stopping it all this time")
            with lock:
                yield

    def _find(self, database: str) -> Postmaster | None:
        return find_postmaster(self._files, database)

    def _launch(self) -> Postmaster:
        programs = find_programs(self.bin, self._files.version())
        postgres = programs.path("postgres")
        account = choose_account(self._files.root, postgres)
        if account is None:
            self._files.fail(
                "PostgreSQL refuses to run as root, and neither root in a user namespace (unshare --user) "
                f"nor another user can use both the folder and {postgres}: run as an ordinary user"
            )
        self._files.prepare(account, programs)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        process = self._spawn(postgres, account)
        while (server := self._find("postgres")) is None:
            self._wait(deadline, "a server holds the data and does not answer")
            if process is not None and process.poll() is not None:
                if PORT_TAKEN not in self._files.log_tail():
                    self._files.fail("the server ended while it started")
                process = None  # another program took the port after it was found free: try another port
            if process is None:  # or another server of this folder was still starting or stopping
                process = self._spawn(postgres, account)
        if process is not None:  # waited for, or it would be a zombie once it ends before this process
            Thread(target=process.wait, daemon=True).start()
        return server

    def _spawn(self, postgres: Path, account: Account) -> subprocess.Popen[bytes] | None:
        """Starts the server, detached from this process; returns None while processes of an earlier one are alive."""
        with self._files.alive.open("a") as alive:
            if not _try_lock(alive):
                return None
            # A dead server left it; PostgreSQL would take it seriously if another process had the same pid by now.
            (self._files.data / "postmaster.pid").unlink(missing_ok=True)
            self._files.begin_log(account)
            with self._files.log.open("a") as log:
                return subprocess.Popen(  # noqa: S603 our own command; no shell sees the paths
                    [*account.prefix, postgres, "-D", self._files.data, "-p", str(self._files.choose_port())],
                    user=account.uid,
                    group=account.gid,
                    extra_groups=account.extra_groups,
                    cwd=self._files.root,
                    env=ENVIRONMENT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    # The server and its children inherit the lock, which is released when the last of them ends,
                    # however it ends. A pid proves less: a zombie, a stranger or another container may have it.
                    pass_fds=[alive.fileno()],
                )

    def _is_alive(self) -> bool:
        """Whether any process of the server is alive, in whatever state."""
        with self._files.alive.open("a") as alive:
            return not _try_lock(alive) or self._find("postgres") is not None

    def _shut_down(self) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        asked = False
        while self._is_alive():
            # The pid in the file is known to be the server's only when the server answers.
            if not asked and (server := self._find("postgres")) is not None:
                os.kill(server.pid, signal.SIGINT)  # `pg_ctl stop -m fast`: ends sessions, saves, exits
                asked = True
            self._wait(deadline, "it does not stop" if asked else "it neither answers nor ends")

    def _wait(self, deadline: float, cause: str) -> None:
        if time.monotonic() > deadline:
            advice = "try again later, or kill -QUIT the process in data/postmaster.pid, which the data survive"
            self._files.fail(f"{cause} for {TIMEOUT_SECONDS:.0f} s: {advice}")
        time.sleep(POLL_SECONDS)

    def _create_database(self, server: Postmaster) -> None:
        with server.connect("postgres") as connection:
            known = connection.execute("select from pg_database where datname = %s", [self.database])
            if known.fetchone() is None:
                # From template0, which accepts no connections: a session in template1 would make the copy fail.
                create = sql.SQL("create database {} template template0")
                connection.execute(create.format(sql.Identifier(self.database)))


def _try_lock(file: IO[str]) -> bool:
    """Locks the open file, for this process and those that inherit it; returns False if another holds the lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
