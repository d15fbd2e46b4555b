"""The account that the server's programs run under.

PostgreSQL refuses to run as root, and initdb as a user id without a name; in containers people are often one or the
other. Here are the accounts that PostgreSQL accepts, and which of them can reach the folder and the programs.
"""

import os
import pwd
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

# Not the caller's environment: the server would keep its secrets as long as it runs, and PG* and LC_* change a server.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
NSS_WRAPPER = ("usr/lib/libnss_wrapper.so", "usr/lib64/libnss_wrapper.so", "usr/lib/*/libnss_wrapper.so")
"""Where distributions put the library, relative to /."""


@dataclass(frozen=True)
class Account:
    """How to start a program: with the command `prefix` before it, or as another user, or as the current one."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: ENVIRONMENT)

    @property
    def extra_groups(self) -> list[int] | None:
        """The supplementary groups: none for another user, who must not keep root's."""
        return None if self.uid is None else []

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end; standard error is in `stdout`. Raises subprocess.TimeoutExpired after 120 s."""
        return subprocess.run(  # noqa: S603 - our own commands; paths are arguments and pass through no shell
            [*self.prefix, *command],
            user=self.uid,
            group=self.gid,
            extra_groups=self.extra_groups,
            cwd="/",
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )

    def can_use(self, folder: Path, program: Path) -> bool:
        """Whether the account can enter the folder and run the program.

        This is tried, as containers may refuse user namespaces, and any parent folder may be closed to others.
        """
        try:
            tried = self.run("sh", "-c", 'cd "$0" && exec "$1" --version', folder, program)
        except OSError:  # there is no unshare (macOS, busybox), or we may not become another user
            return False
        return tried.returncode == 0

    def has_name(self) -> bool:
        """Whether the user id has a name, which initdb asks for."""
        try:
            return self.run("id", "-u", "-n").returncode == 0
        except OSError:  # as in can_use
            return False

    def own(self, path: Path) -> None:
        """Makes another user the owner of a file, or of a folder and all in it."""
        if self.uid is None or self.gid is None:
            return
        os.chown(path, self.uid, self.gid)
        for parent, folders, files in os.walk(path):
            for name in folders + files:
                with suppress(FileNotFoundError):
                    os.chown(Path(parent) / name, self.uid, self.gid, follow_symlinks=False)


def choose_account(folder: Path, program: Path) -> Account | None:
    """The account under which `program` can work in `folder`; None if we are root and there is none."""
    if os.geteuid() != 0:
        return Account()
    owner = folder.stat()
    if owner.st_uid != 0:
        candidates = [Account(uid=owner.st_uid, gid=owner.st_gid)]
    else:
        candidates = [in_user_namespace(), *as_nobody()]
    # The parent is tried: the folder itself will belong to the account.
    return next((account for account in candidates if account.can_use(folder.parent, program)), None)


def with_name(account: Account, folder: Path) -> Account | None:
    """The account, with a name made up for a user id without one (`docker run --user 12345`); None if that fails.

    `folder` is an empty folder for the files that it takes.
    """
    if account.has_name():
        return account
    candidates = [replace(account, prefix=in_user_namespace().prefix), *_by_nss_wrapper(account, folder)]
    return next((each for each in candidates if each.has_name()), None)


def in_user_namespace() -> Account:
    """Root under another name: not root to PostgreSQL, and yet able to enter root's folders."""
    # A user id with a name, as initdb looks it up; in most images 1000 has none.
    uid = next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0), 1000)
    return Account(prefix=("unshare", "--user", f"--map-user={uid}", f"--map-group={uid}"))


def as_nobody() -> list[Account]:
    """The account nobody, where there is one: it can enter only what is open to everyone."""
    accounts = [entry for entry in pwd.getpwall() if entry.pw_name == "nobody"]
    return [Account(uid=entry.pw_uid, gid=entry.pw_gid) for entry in accounts]


def _by_nss_wrapper(account: Account, folder: Path) -> Iterator[Account]:
    """The account with a name from libnss-wrapper, as Docker's own image of Postgres does it."""
    uid = os.geteuid() if account.uid is None else account.uid
    gid = os.getegid() if account.gid is None else account.gid
    names = {"NSS_WRAPPER_PASSWD": folder / "passwd", "NSS_WRAPPER_GROUP": folder / "group"}
    for library in (found for place in NSS_WRAPPER for found in Path("/").glob(place)):
        names["NSS_WRAPPER_PASSWD"].write_text(f"taxi:x:{uid}:{gid}::/:/bin/false\n")
        names["NSS_WRAPPER_GROUP"].write_text(f"taxi:x:{gid}:\n")
        account.own(folder)
        given = {name: str(path) for name, path in names.items()}
        yield replace(account, environment={**ENVIRONMENT, **given, "LD_PRELOAD": str(library)})
