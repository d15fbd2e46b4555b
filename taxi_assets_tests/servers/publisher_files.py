"""A folder's files as a web server sees them: found by path, with validators and byte ranges. No HTTP here."""

import email.utils
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

RANGE = re.compile(r"bytes=(?P<first>\d*)-(?P<last>\d*)")


@dataclass(frozen=True)
class Published:
    """A file with what tells its versions apart."""

    file: Path
    size: int
    modified: int
    etag: str

    @property
    def validators(self) -> dict[str, str]:
        """The headers that a client sends back to ask whether the file has changed."""
        return {"ETag": self.etag, "Last-Modified": email.utils.formatdate(self.modified, usegmt=True)}

    def known(self, headers: Mapping[str, str]) -> bool:
        """Whether a client that sends these headers has this version."""
        if tags := headers.get("if-none-match"):
            known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
            return "*" in known or self.etag in known
        try:
            since = email.utils.parsedate_to_datetime(headers.get("if-modified-since", ""))
        except ValueError:
            return False
        return self.modified <= since.timestamp()

    def part(self, headers: Mapping[str, str]) -> range | None:
        """The bytes that a client asks for, empty if the file has no such bytes; None for the whole file."""
        asked = RANGE.fullmatch(headers.get("range", ""))
        if asked is None or headers.get("if-range", self.etag) not in self.validators.values():
            return None
        first, last = asked["first"], asked["last"]
        if not first:
            return range(max(0, self.size - int(last)), self.size) if last else None
        if last and int(last) < int(first):
            return None
        return range(int(first), min(int(last) + 1, self.size) if last else self.size)


class Folder:
    """The files under a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._etags: dict[tuple[Path, int, int], str] = {}

    def find(self, path: str) -> Published | None:
        """The file that an unquoted path names; None if there is none."""
        file = (self._root / path.lstrip("/")).resolve()
        if not file.is_relative_to(self._root) or not file.is_file():
            return None
        stat = file.stat()
        key = (file, stat.st_size, stat.st_mtime_ns)
        if key not in self._etags:
            with file.open("rb") as content:
                self._etags[key] = f'"{hashlib.file_digest(content, "sha256").hexdigest()[:32]}"'
        return Published(file, stat.st_size, int(stat.st_mtime), self._etags[key])
