"""PgBouncer in transaction mode before a Postgres, as companies run it: a session is handed on after a transaction."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from taxi_assets_tests.servers.process import free_port, running


@contextmanager
def pgbouncer(url: str) -> Iterator[str]:
    """The URL of a pooler with one session of the server `url`; skips the test where PgBouncer is not installed."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed: what it does to a session is not tried")
    with psycopg.connect(url) as connection:
        info = connection.info
        server = f"host={info.host} port={info.port} dbname={info.dbname} user={info.user} password='{info.password}'"
    port = free_port()
    lines = [
        *("[databases]", f"trips = {server}", "[pgbouncer]", "listen_addr = 127.0.0.1", f"listen_port = {port}"),
        *("unix_socket_dir =", "auth_type = any", "pool_mode = transaction", "default_pool_size = 1"),
    ]
    pooled = make_conninfo("", host="127.0.0.1", port=port, dbname="trips", user="taxi")
    account = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config, log = Path(folder) / "pgbouncer.ini", Path(folder) / "log"
        config.write_text("\n".join(lines))
        with running([program, *account, config], log=log, ready=lambda: _answers(pooled)):
            yield pooled


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False
