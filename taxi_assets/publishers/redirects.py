"""Which redirects of a publisher's server are followed.

A redirect has this machine send a request wherever a server says: to the files of this machine, or to a service that
only its network reaches. So it may lead to the same host, to the hosts that the publisher is known to keep its files
on, and to those that the user allows.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from taxi_assets.errors import TaxiError
from taxi_assets.publishers.sites import REDIRECT_HOSTS

MOST_REDIRECTS: Final = 10
_WEB = ("http", "https")


@dataclass(frozen=True)
class Redirects:
    """The hosts that redirects may lead to besides the one that was asked.

    `known` are hosts of the publisher, `allowed` those that the user names. A known host may not be in a private
    network, or this machine, unless the host that was asked is: `allowed` hosts may.
    """

    known: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()

    def target(self, url: str, location: str) -> str:
        """The URL that the server at `url` redirects to, without credentials. Raises TaxiError if it is refused."""
        try:
            here, there = urlsplit(url), urlsplit(urljoin(url, location))
            host, port = _host(there), there.port
        except ValueError as error:
            raise _refused(url, "an address that is none", "") from error
        shown = f"{there.scheme}://{host}{f':{port}' if port else ''}"
        if there.scheme not in _WEB or not host:
            raise _refused(url, f"an address that is no web address ({there.scheme}:)", "")
        if here.scheme == "https" and there.scheme == "http":
            raise _refused(url, f"{shown}, without encryption", "")
        if host not in self.allowed:
            if host not in {_host(here), *self.known}:
                raise _refused(url, shown, f"If that is right, name the host in {REDIRECT_HOSTS}: {host}.")
            if _is_public(_host(here)) and not _is_public(host):
                advice = f"If that is right, name the host in {REDIRECT_HOSTS}: {host}."
                raise _refused(url, f"{shown}, an address in a private network", advice)
        return there._replace(netloc=there.netloc.rpartition("@")[2]).geturl()


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".")


def _is_public(host: str) -> bool:
    """Whether all addresses of the host can be reached from anywhere; true when they are not known here.

    A proxy may know a host that is not known here.
    """
    try:
        found = {str(info[4][0]).partition("%")[0] for info in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return True
    addresses = [ipaddress.ip_address(text) for text in found]
    mapped = [getattr(address, "ipv4_mapped", None) or address for address in addresses]
    return all(address.is_global for address in mapped)


def _refused(url: str, where: str, advice: str) -> TaxiError:
    place = urlsplit(url).netloc.rpartition("@")[2]
    return TaxiError(
        f"{place} redirects to {where}, which is refused.", advice or "Open the URL in a browser on this machine."
    )
