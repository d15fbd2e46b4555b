"""Masks secrets in the findings, whichever error quotes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from taxi_assets.destinations.postgres.url import libpq_url
from taxi_assets.settings import ALERT_WEBHOOK, HISTORY_URL, POSTGRES_URL

MASK = "***"
_SHORTEST = 6
"""Characters. A shorter password may also be an ordinary word: it is masked within URLs only."""
_IN_URL = re.compile(r"(://[^\s/:@]*):[^\s/@]+@")


def secrets_in(environment: Mapping[str, str]) -> list[str]:
    """The secret values among the variables, and the passwords within them, the longest first."""
    urls = [environment[name] for name in (POSTGRES_URL, HISTORY_URL, ALERT_WEBHOOK) if environment.get(name)]
    passwords = [password for url in urls for password in _passwords(url) if len(password) >= _SHORTEST]
    return sorted({*urls, *passwords}, key=len, reverse=True)


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with MASK in place of each secret, and of the password of any URL."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return _IN_URL.sub(rf"\1:{MASK}@", text)


def _passwords(url: str) -> list[str]:
    """The password in any form of a URL, as it is written there and unescaped; nothing for what is none."""
    found = []
    with suppress(ValueError):
        found.append(urlsplit(url).password or "")
    with suppress(Exception):  # whatever is wrong with it, it is no URL of Postgres
        from psycopg.conninfo import conninfo_to_dict

        found.append(str(conninfo_to_dict(libpq_url(url)).get("password") or ""))
    return [word for password in found for word in (password, unquote(password))]
