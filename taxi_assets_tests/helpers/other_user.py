"""Another user of this machine, who runs commands without the rights of root, who runs the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class OtherUser:
    """A user by id. `python` is an interpreter that the user can run with our packages, in `environment`."""

    uid: int
    gid: int
    python: str
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, cwd: Path = Path("/")) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, *arguments],
            user=self.uid, group=self.gid, extra_groups=[], env=self.environment, cwd=cwd,
            capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip


def other_user(uid: int, gid: int, **environment: str) -> OtherUser:
    """The user, with `environment` beside what Python needs; skips the test where the user can run no Python."""
    packages = Path(psycopg.__file__).parents[1]
    needed = {"PYTHONPATH": f"{PROJECT}:{packages}", "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath}
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in filter(None, (sys.executable, shutil.which(version, path=os.defpath))):
        user = OtherUser(uid, gid, python, {**needed, **environment})
        try:
            if user.run("-c", "import taxi_assets.resources.embedded_postgres.server").returncode == 0:
                return user
        except OSError:
            continue
    pytest.skip(f"a user without rights can run neither {sys.executable} nor another {version} with our packages")
