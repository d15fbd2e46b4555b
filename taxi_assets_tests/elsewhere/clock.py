"""Another date for a process and its children: `clock.c`, made by the machine's C compiler and preloaded (Linux)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


class NoClockError(Exception):
    """The date cannot be moved on this machine; the message says why."""


@dataclass(frozen=True)
class Clock:
    """A compiled clock, as a library to preload."""

    library: Path

    @classmethod
    def build(cls, folder: Path) -> Clock:
        """Compiles the clock into `folder`. Raises NoClockError."""
        compiler = shutil.which("cc")
        if sys.platform != "linux" or compiler is None:
            raise NoClockError("that takes Linux and a C compiler (Debian, Ubuntu: apt install gcc libc6-dev)")
        clock = cls(folder / "clock.so")
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(clock.library), str(SOURCE), "-ldl"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not clock._moves():
            raise NoClockError(f"{SOURCE.name} does not do on this machine: {done.stderr or 'it moves nothing'}")
        return clock

    def env(self, start: float) -> dict[str, str]:
        """What a process must find in its environment so that it begins at `start`, in seconds since 1970."""
        now = int(time.time())
        return {
            "LD_PRELOAD": str(self.library),
            "CLOCK_OFFSET": str(int(start) - now),
            "CLOCK_SINCE": str(now),
        }

    def _moves(self) -> bool:
        """Whether a process sees another date, and still wakes up from its sleep."""
        program = "import time; time.sleep(0.01); print(time.time() > 4e9)"
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=self.env(4e9), capture_output=True, text=True, check=False, timeout=60)
        return done.stdout.strip() == "True"
