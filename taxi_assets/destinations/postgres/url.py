"""The forms of a Postgres URL: what libpq reads, and what it would misread, which is told without showing it."""

from __future__ import annotations

import re
from typing import Final

_SCHEMES: Final = ("postgresql://", "postgres://", "postgresql+psycopg://", "postgresql+psycopg2://")
_DRIVER = re.compile(r"^postgresql\+psycopg2?://")
_KEYWORDS = re.compile(r"\s*(\w+\s*=\s*('([^'\\]|\\.)*'|[^\s']*)\s*)+")
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def libpq_url(url: str) -> str:
    """The URL as libpq reads it: without the driver that SQLAlchemy has in it."""
    return _DRIVER.sub("postgresql://", url)


def fault_of(url: str) -> str:
    """What is wrong with a URL, empty if nothing is; shows no part of it, as it may hold a password.

    libpq repeats parts of what it cannot parse, so nothing of the kind may reach a connection.
    """
    if url != url.strip(" \t\r\n\"'"):
        return "it begins or ends with a blank or a quotation mark"
    if "://" not in url:
        return (
            _misread(url)
            if _KEYWORDS.fullmatch(url)
            else "its keywords cannot be told apart; quote values that hold blanks"
        )
    if not url.startswith(_SCHEMES):
        return "it must begin with postgresql://"
    if url.partition("?")[0].count("@") > 1:
        return "it has more than one @; in a user name or password write %40"
    if "@" in url.partition("://")[2].partition("?")[0].partition("/")[2]:
        return "it has a / before the @; in a password write %2F"
    return "it has a % that is no escape; write %25" if _BARE_PERCENT.search(url) else _misread(url)


def _misread(url: str) -> str:
    """What libpq itself refuses, or takes for a port that is none: a password where the host is missing."""
    # Every command reads the settings; few need the client.
    from psycopg import ProgrammingError  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        port = str(conninfo_to_dict(libpq_url(url)).get("port") or "")
    except ProgrammingError:
        return "libpq cannot read it; is a parameter misspelt?"
    return "" if not port or re.fullmatch(r"[\d,]*", port) else "its port is no number; is the host missing?"
