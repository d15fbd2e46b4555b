"""Under which account the server's programs run: PostgreSQL refuses root, and in containers people are root.

Here: the accounts that PostgreSQL accepts, and which of them can reach the folder and the programs. Not here:
anything about the server itself.
"""

import os
import pwd
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Not the caller's: the server would keep the secrets in it all its life, and PG* and LC_* change a server.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


@dataclass(frozen=True)
class Account:
    """How to start a program: after the words of `prefix`, or as another user; with neither, as we are."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

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
            env=ENVIRONMENT,
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


def in_user_namespace() -> Account:
    """Root by another name: not root to PostgreSQL, but still the one to whom root's folders are open."""
    # A uid with a name: initdb looks its own name up, and in most images 1000 has none.
    uid = next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0), 1000)
    return Account(prefix=("unshare", "--user", f"--map-user={uid}", f"--map-group={uid}"))


def as_nobody() -> list[Account]:
    """The account without rights, where there is one: it can enter only what is open to everyone."""
    accounts = [entry for entry in pwd.getpwall() if entry.pw_name == "nobody"]
    return [Account(uid=entry.pw_uid, gid=entry.pw_gid) for entry in accounts]
