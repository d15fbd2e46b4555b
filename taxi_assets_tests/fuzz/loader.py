"""Loads published files in a process of its own: a crash of a native library is an outcome like any other.

`python -m taxi_assets_tests.fuzz.loader FOLDER` reads a line `FORMAT PATH` at a time from its standard input, takes the
file as a run does from its download to its clean month in FOLDER, and writes a line with what became of it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self, cast

from taxi_assets.errors import TaxiError
from taxi_assets.model.datasets import YELLOW_TAXI, FileFormat
from taxi_assets.model.months import Month
from taxi_assets.publishers.verification import check_file
from taxi_assets.transform.cleaning import CleanedMonth
from taxi_assets.transform.reading import read_month
from taxi_assets.transform.writing import write_both

ADDRESS_SPACE = 4 << 30
"""Bytes. What asks for more is refused memory, and says so; see Loader.peak for what is used."""
SECONDS = 120.0


class Loader:
    """The process, started anew after each crash; `peak` is the most memory that it has used, in bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = self._start()
        self.peak = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def load(self, path: Path, file_format: str) -> str:
        """`loaded`, or the kind of the error and its text; the signal if the process crashes, `hangs` if it hangs."""
        deadline = threading.Timer(SECONDS, self._process.kill)
        deadline.start()
        try:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.write(f"{file_format} {path}\n".encode())
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        finally:
            hung = not deadline.is_alive()
            deadline.cancel()
        if not answer:
            code = self._process.wait()
            self._process = self._start()
            return "hangs" if hung else f"crashes with {code}"
        found = cast("dict[str, Any]", json.loads(answer))
        self.peak = max(self.peak, found["peak"])
        return str(found["outcome"])

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", __name__, str(self._folder)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _outcome(path: Path, file_format: str, folder: Path) -> str:
    form: FileFormat = "parquet" if file_format == "parquet" else "csv.gz"
    try:
        if file_format != "unverified":
            check_file(path, form)
        stream = read_month(path, form, YELLOW_TAXI.published_columns)
        month = CleanedMonth(YELLOW_TAXI, Month(2021, 1), path.name, stream, scratch=folder)
        write_both(month, folder / "clean.parquet", folder / "quarantine.parquet")
    except TaxiError as error:
        return f"TaxiError: {error}"
    except Exception as error:  # noqa: BLE001 what the test is about
        return f"{type(error).__name__}: {error}"
    return "loaded"


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        file_format, _, path = line.rstrip("\n").partition(" ")
        outcome = _outcome(Path(path), file_format, folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"outcome": outcome, "peak": peak}), flush=True)


if __name__ == "__main__":
    main()
