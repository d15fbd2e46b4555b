"""A month of real size loads on 16 cores and on 64 as on two, in the same memory.

The cores are pretended, by a library that is compiled here and loaded before the C library's own answers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from taxi_assets.bounds import ARROW_THREADS, DUCKDB_THREADS
from taxi_assets.settings import POSTGRES_URL, Settings
from taxi_assets_tests.helpers.run_month import rows

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MB = 1_000_000
ROWS = 1_500_000
MOST_MB = {"yellow": 400, "fhvhv": 512}
"""Of resident memory at the peak of a run."""
MEASURED = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print("peak", usage.ru_maxrss << 10)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Between the test and the command, as a process's peak begins with the size of the one that started it."""


@pytest.fixture(scope="module")
def pretended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library to preload, which pretends the cores."""
    if sys.platform != "linux":
        pytest.skip("cores are pretended with LD_PRELOAD, which only Linux has")
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler (cc) here: other numbers of cores cannot be pretended")
    library = tmp_path_factory.mktemp("cores") / "pretended_cores.so"
    source = Path(__file__).with_name("pretended_cores.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publisher with a month of yellow, laid out as the tutorial's mirror, and one of fhvhv, laid out as TLC's."""
    folder = tmp_path_factory.mktemp("mirror")
    for name in ("yellow/yellow_tripdata_2021-01.csv.gz", "trip-data/fhvhv_tripdata_2024-01.parquet"):
        path = folder / name
        path.parent.mkdir()
        dataset, month, file_format = path.name.replace("_tripdata_", ".", 1).split(".", 2)
        sample = [
            "taxi_assets.cli",
            "sample",
            dataset,
            month,
            "--rows",
            str(ROWS),
            "--format",
            file_format,
            "--to",
            str(path),
        ]
        subprocess.run([sys.executable, "-m", *sample], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


def _environment(pretended: Path, cores: int) -> dict[str, str]:
    """The environment of a shell on a machine of so many cores, without the bounds that this process has set itself."""
    left_out = ("TAXI_", "GCP_", "DAGSTER_", "OMP_", "OPENBLAS_", "ARROW_")
    mine = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**mine, "LD_PRELOAD": str(pretended), "PRETENDED_CORES": str(cores)}


def _python(environment: dict[str, str], program: str) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("cores", [16, 64])
def test_cores_are_pretended_to_python_and_to_the_libraries_beneath(pretended: Path, cores: int) -> None:
    asked = "os.cpu_count(), pyarrow.cpu_count(), duckdb.sql(\"SELECT current_setting('threads')\").fetchone()[0]"
    printed = _python(_environment(pretended, cores), f"import os, duckdb, pyarrow; print({asked})")
    assert printed.split() == [str(cores)] * 3


def test_threads_are_as_many_on_64_cores(pretended: Path) -> None:
    program = """
import os, taxi_assets.definitions, numpy, pyarrow
from taxi_assets.destinations.duckdb.file import DuckDBFile
from pathlib import Path
with DuckDBFile(Path(os.environ["WAREHOUSE"])).connected(read_only=False) as connection:
    threads = connection.execute("SELECT current_setting('threads')").fetchone()[0]
    print(pyarrow.cpu_count(), threads, len(os.listdir("/proc/self/task")))
"""
    environment = _environment(pretended, 64) | {"WAREHOUSE": str(pretended.with_name("warehouse.duckdb"))}
    arrow, duckdb, running = map(int, _python(environment, program).split())
    assert (arrow, duckdb) == (ARROW_THREADS, DUCKDB_THREADS)
    assert running <= 8


@pytest.mark.parametrize(
    ("dataset", "month", "cores"), [("yellow", "2021-01", 16), ("yellow", "2021-01", 64), ("fhvhv", "2024-01", 64)]
)
@pytest.mark.fault(36)
def test_a_month_of_real_size_loads_in_the_same_memory_on_any_number_of_cores(
    settings: Settings, pretended: Path, mirror: Path, tmp_path: Path, dataset: str, month: str, cores: int
) -> None:
    environment = _environment(pretended, cores) | {
        "TAXI_HOME": str(settings.home),
        "TAXI_PUBLISHER": mirror.as_uri(),
        "TAXI_POSTGRES_SCHEMA": settings.postgres_schema,
        POSTGRES_URL: os.environ[POSTGRES_URL],
        "DAGSTER_HOME": str(tmp_path),
    }
    job = ["job", "execute", "-m", "taxi_assets.definitions", "-j", f"{dataset}_trips"]
    command = [str(Path(sys.executable).with_name("dagster")), *job, "--tags", f'{{"dagster/partition": "{month}-01"}}']
    run = subprocess.run(
        [sys.executable, "-I", "-c", MEASURED, *command],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    counts = rows(replace(settings, publisher=mirror.as_uri()), dataset, month)
    assert counts["published"] == ROWS
    assert counts["clean"] == counts["bucket"] == counts["warehouse"] == counts["Postgres"]
    peak = int(run.stdout.split("peak ")[-1]) / MB
    assert 100 < peak <= MOST_MB[dataset]
