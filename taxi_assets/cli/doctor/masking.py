"""Keeps secrets out of what is shown, wherever an error brought them from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from taxi_assets.settings import ALERT_WEBHOOK, HISTORY_URL, POSTGRES_URL

MASK = "***"
_SHORTEST = 6
"""A shorter password is a word that may stand anywhere; it is masked where it stands in a URL."""
_IN_URL = re.compile(r"(://[^\s/:@]*):[^\s/@]+@")


def secrets_in(environment: Mapping[str, str]) -> list[str]:
    """What may not be shown, the longest first."""
    urls = [environment[name] for name in (POSTGRES_URL, HISTORY_URL, ALERT_WEBHOOK) if environment.get(name)]
    passwords = [password for url in urls for password in _passwords(url) if len(password) >= _SHORTEST]
    return sorted({*urls, *passwords}, key=len, reverse=True)


def masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return _IN_URL.sub(rf"\1:{MASK}@", text)


def _passwords(url: str) -> list[str]:
    """As it stands in the URL, and as it is meant."""
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return []
    return [password, unquote(password)]
