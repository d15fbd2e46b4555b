"""A PostgreSQL server of our own, made of PostgreSQL's programs and nothing else.

Here: how the one server of a folder is found, started and stopped (Linux, macOS, WSL), and a command line for
it. Not here: the folder's files (_server_folder), where the programs come from (_server_programs), the account the
server runs under (_server_account), tables and loads, the choice between this server and one of the user's own.
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
from psycopg.rows import TupleRow

from taxi_assets.resources.embedded_postgres.account import ENVIRONMENT, Account, choose_account
from taxi_assets.resources.embedded_postgres.folder import (
    DATABASE,
    HOST,
    SUPERUSER,
    EmbeddedPostgresError,
    ServerFolder,
)
from taxi_assets.resources.embedded_postgres.programs import Programs, find_programs

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

# After a kill, replaying 4 GB of write-ahead log (max_wal_size) takes about a minute on a laptop's disk.
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.02
PORT_TAKEN = "could not create any TCP/IP sockets"


@dataclass(frozen=True)
class _Postmaster:
    """The server's first process."""

    pid: int
    port: int


@dataclass(frozen=True)
class EmbeddedPostgres:
    """The server in `folder` and a database in it. However many of these there are, there is one server.

    `bin`: the folder of PostgreSQL's programs, where they are not to be looked for.
    """

    folder: Path
    database: str = DATABASE
    bin: Path | None = None

    def start(self) -> str:
        """Find the running server or start it; return the database's URL. The server outlives us."""
        if (url := self.running_url()) is not None:
            return url
        with self._locked():
            server = self._find("postgres") or self._launch()
            self._create_database(server)
            return self._url(server)

    def running_url(self) -> str | None:
        """The URL of the database if it answers now, else None. Starts and changes nothing."""
        with self._explained():
            server = self._find(self.database)
        return None if server is None else self._url(server)

    def stop(self) -> bool:
        """Stop the server, whoever started it, and wait until it is gone; False if it was not running."""
        with self._explained():
            if not self._files.data.exists():
                return False
        with self._locked():
            if not self._is_alive():
                return False
            self._shut_down()
            return True

    def programs(self) -> Programs:
        """What the server is, or would be, started with. Raises EmbeddedPostgresError when there is nothing."""
        with self._explained():
            return find_programs(self.bin, self._files.version())

    @property
    def _files(self) -> ServerFolder:
        return ServerFolder(self.folder.resolve())

    def _url(self, server: _Postmaster) -> str:
        place = f"{SUPERUSER}@{HOST}:{server.port}/{quote(self.database, safe='')}"
        return f"postgresql://{place}?passfile={quote(str(self._files.passfile))}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            self._files.fail(f"{error}: run as the user who owns the folder, or choose another folder", error)
        except (OSError, psycopg.Error, subprocess.SubprocessError) as error:
            self._files.fail(str(error), error)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time starts or stops the server. The kernel frees the lock of a killed one."""
        with self._explained():
            self._files.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                lock = FileLock(self._files.root / "lock").acquire(timeout=2 * PATIENCE_SECONDS)
            except Timeout:
                self._files.fail("other processes have been starting or stopping it all the while")
            with lock:
                yield

    def _find(self, database: str) -> _Postmaster | None:
        """The running server, proven ours: it knows our password and works on our data."""
        try:
            lines = (self._files.data / "postmaster.pid").read_text().splitlines()
            if lines[7].strip() != "ready":  # starting, replaying its log, stopping
                return None
            server = _Postmaster(pid=int(lines[0]), port=int(lines[3]))
            with self._connect(server, database) as connection:
                row = connection.execute("show data_directory").fetchone()
        # No file or half a file; at the port nobody, somebody else, or a server that is not ready.
        except (FileNotFoundError, ValueError, IndexError, psycopg.OperationalError):
            return None
        return server if row is not None and Path(row[0]).resolve() == self._files.data else None

    def _connect(self, server: _Postmaster, database: str) -> psycopg.Connection[TupleRow]:
        return psycopg.connect(
            host=HOST,
            port=server.port,
            dbname=database,
            user=SUPERUSER,
            password=self._files.password(),
            # Whoever has the port now may not be ours: never tell the password itself.
            require_auth="scram-sha-256",
            # Given, lest the caller's PGSSLMODE or Kerberos ticket get in the way.
            sslmode="disable",
            gssencmode="disable",
            connect_timeout=2,
            autocommit=True,
        )

    def _launch(self) -> _Postmaster:
        programs = find_programs(self.bin, self._files.version())
        postgres = programs.path("postgres")
        account = choose_account(self._files.root, postgres)
        if account is None:
            self._files.fail(
                "PostgreSQL refuses to run as root, and neither root in a user namespace (unshare --user) "
                f"nor another user can use both the folder and {postgres}: run as an ordinary user"
            )
        self._files.prepare(account, programs)
        deadline = time.monotonic() + PATIENCE_SECONDS
        process = self._spawn(postgres, account)
        while (server := self._find("postgres")) is None:
            self._wait(deadline, "a server holds the data and does not answer")
            if process is not None and process.poll() is not None:
                if PORT_TAKEN not in self._files.log_tail():
                    self._files.fail("the server ended while it started")
                process = None  # somebody took the port after our look at it: try another
            if process is None:  # or a server that was left behind was still coming up or going down
                process = self._spawn(postgres, account)
        if process is not None:  # reaped, should it end before us: else a zombie of it would stay with us
            Thread(target=process.wait, daemon=True).start()
        return server

    def _spawn(self, postgres: Path, account: Account) -> subprocess.Popen[bytes] | None:
        """Start the server, detached from us; None while processes of another one live."""
        with self._files.alive.open("a") as alive:
            if not _try_lock(alive):
                return None
            # Left by a dead server, then; but PostgreSQL would believe it if its pid had been taken again.
            (self._files.data / "postmaster.pid").unlink(missing_ok=True)
            self._files.begin_log(account)
            with self._files.log.open("a") as log:
                return subprocess.Popen(  # noqa: S603 - our own command; no shell sees the paths
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
                    # The lock goes to the server and its children and is free when the last of them is gone,
                    # however it went. A pid tells less: a zombie, a stranger, another container may have it.
                    pass_fds=[alive.fileno()],
                )

    def _is_alive(self) -> bool:
        """Whether any process of the server lives, in whatever state."""
        with self._files.alive.open("a") as alive:
            return not _try_lock(alive) or self._find("postgres") is not None

    def _shut_down(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        asked = False
        while self._is_alive():
            # Only of a server that answers do we know that the pid in its file is its own.
            if not asked and (server := self._find("postgres")) is not None:
                os.kill(server.pid, signal.SIGINT)  # `pg_ctl stop -m fast`: ends sessions, saves, exits
                asked = True
            self._wait(deadline, "it does not stop" if asked else "it neither answers nor ends")

    def _wait(self, deadline: float, cause: str) -> None:
        if time.monotonic() > deadline:
            advice = "try again later, or kill -QUIT the process named in data/postmaster.pid: the data survive that"
            self._files.fail(f"{cause} for {PATIENCE_SECONDS:.0f} s: {advice}")
        time.sleep(POLL_SECONDS)

    def _create_database(self, server: _Postmaster) -> None:
        with self._connect(server, "postgres") as connection:
            known = connection.execute("select from pg_database where datname = %s", [self.database])
            if known.fetchone() is None:
                # template0: nobody can be connected to it; a session in template1 would forbid the copy.
                create = sql.SQL("create database {} template template0")
                connection.execute(create.format(sql.Identifier(self.database)))


def _try_lock(file: IO[str]) -> bool:
    """Lock the open file, for us and whoever inherits it; False if somebody holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
