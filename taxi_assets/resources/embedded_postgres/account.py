"""Under which account the server's programs run: PostgreSQL refuses root, its initdb a user without a name, and in
containers people are either.

Here: the accounts that PostgreSQL accepts, and which of them can reach the folder and the programs. Not here:
anything about the server itself.
"""

import os
import pwd
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

# Not the caller's: the server would keep the secrets in it all its life, and PG* and LC_* change a server.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
NSS_WRAPPER = ("usr/lib/libnss_wrapper.so", "usr/lib64/libnss_wrapper.so", "usr/lib/*/libnss_wrapper.so")
"""Below /."""


@dataclass(frozen=True)
class Account:
    """How to start a program: after the words of `prefix`, or as another user; with neither, as we are."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: ENVIRONMENT)

    @property
    def extra_groups(self) -> list[int] | None:
        """Whoever becomes another user leaves root's groups behind."""
        return None if self.uid is None else []

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program of a second or so to its end."""
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
        """Tried, not guessed: containers may refuse user namespaces, any parent may be closed to others."""
        try:
            tried = self.run("sh", "-c", 'cd "$0" && exec "$1" --version', folder, program)
        except OSError:  # no such command (macOS and busybox lack unshare), or we may not become another user
            return False
        return tried.returncode == 0

    def has_name(self) -> bool:
        """Whether the system knows a name for it, as initdb asks."""
        try:
            return self.run("id", "-u", "-n").returncode == 0
        except OSError:  # as in can_use
            return False

    def own(self, path: Path) -> None:
        """Give a file, or a folder and all in it, to the account, if that is another user."""
        if self.uid is None or self.gid is None:
            return
        os.chown(path, self.uid, self.gid)
        for parent, folders, files in os.walk(path):
            for name in folders + files:
                with suppress(FileNotFoundError):
                    os.chown(Path(parent) / name, self.uid, self.gid, follow_symlinks=False)


def choose_account(folder: Path, program: Path) -> Account | None:
    """The account for `program` to work in `folder` under; None if we are root and find none."""
    if os.geteuid() != 0:
        return Account()
    owner = folder.stat()
    if owner.st_uid != 0:
        candidates = [Account(uid=owner.st_uid, gid=owner.st_gid)]
    else:
        candidates = [in_user_namespace(), *as_nobody()]
    # The parent is tried, since the folder itself is given to the account.
    return next((account for account in candidates if account.can_use(folder.parent, program)), None)


def with_name(account: Account, folder: Path) -> Account | None:
    """The account, by a name if it has none (`docker run --user 12345`); None if none can be given to it.

    `folder` is an empty one for what that takes.
    """
    if account.has_name():
        return account
    candidates = [replace(account, prefix=in_user_namespace().prefix), *_by_nss_wrapper(account, folder)]
    return next((each for each in candidates if each.has_name()), None)


def in_user_namespace() -> Account:
    """Root by another name: not root to PostgreSQL, but still the one to whom root's folders are open."""
    # A uid with a name: initdb looks its own name up, and in most images 1000 has none.
    uid = next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0), 1000)
    return Account(prefix=("unshare", "--user", f"--map-user={uid}", f"--map-group={uid}"))


def as_nobody() -> list[Account]:
    """The account without rights, where there is one: it can enter only what is open to everyone."""
    accounts = [entry for entry in pwd.getpwall() if entry.pw_name == "nobody"]
    return [Account(uid=entry.pw_uid, gid=entry.pw_gid) for entry in accounts]


def _by_nss_wrapper(account: Account, folder: Path) -> Iterator[Account]:
    """By the library for this (Debian's libnss-wrapper), as Docker's own image of Postgres does it."""
    uid = os.geteuid() if account.uid is None else account.uid
    gid = os.getegid() if account.gid is None else account.gid
    names = {"NSS_WRAPPER_PASSWD": folder / "passwd", "NSS_WRAPPER_GROUP": folder / "group"}
    for library in (found for place in NSS_WRAPPER for found in Path("/").glob(place)):
        names["NSS_WRAPPER_PASSWD"].write_text(f"taxi:x:{uid}:{gid}::/:/bin/false\n")
        names["NSS_WRAPPER_GROUP"].write_text(f"taxi:x:{gid}:\n")
        account.own(folder)
        given = {name: str(path) for name, path in names.items()}
        yield replace(account, environment={**ENVIRONMENT, **given, "LD_PRELOAD": str(library)})
