"""Who asks, by address: the socket's, or what a trusted proxy says of it (rightmost untrusted).

Whoever connects can write any `X-Forwarded-For`. It is read only where the connection itself comes
from a trusted proxy, from the right, hop by hop, for as long as each hop is trusted too: the first
that is not is who asked. What stands left of it is hearsay.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

from msgspec import Struct

from placet.config.service import Network

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_WITH_PORT = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[0-9.]+))(?::[0-9]{1,5})?")
_ONE_SITE_BITS = 64
_HANDED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
_REMEMBERED = 4096


class Networks(Struct, frozen=True):
    """The networks whose proxies are trusted."""

    of: tuple[Network, ...] = ()

    def covers(self, address: str) -> bool:
        """Tell whether `address` lies in one of them."""
        parsed = _parsed(address) if self.of else None
        return parsed is not None and any(parsed in network for network in self.of)


def client_address(peer: str, forwarded: Iterable[str], trusted: Networks) -> str:
    """Return who asks, where `peer` is connected and showed these `X-Forwarded-For` headers, in order."""
    address = plain(peer)
    if not trusted.covers(address):
        return address
    for hop in reversed(",".join(forwarded).split(",")):
        found = plain(hop.strip())
        if not found:
            return address
        address = found
        if not trusted.covers(address):
            return address
    return address


def plain(text: str) -> str:
    """Return the address that `text` writes, in its one form, without port and zone; empty where it writes none."""
    found = _WITH_PORT.fullmatch(text)
    parsed = _parsed(found["six"] or found["four"] if found else text)
    return str(parsed) if parsed else ""


def is_loopback(address: str) -> bool:
    """Tell whether `address` is this machine's own."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def is_from_this_machine(peer: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a request was made on this machine, and not handed on by a proxy or a browser led astray.

    A proxy on this machine names whom it speaks for, or the host that was asked for; so does a
    browser whose page's name was made to lead here.
    """
    host = _WITH_PORT.fullmatch(headers.get("host", ""))
    named = (host["six"] or host["four"]) if host else headers.get("host", "").partition(":")[0]
    asked_for_it = named == "localhost" or is_loopback(named)
    return is_loopback(plain(peer)) and asked_for_it and not any(name in headers for name in _HANDED_ON)


def group_of(address: str) -> str:
    """Return what is counted as one: an IPv4 address, or the network of a site, which has 2^64 IPv6 addresses."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _ONE_SITE_BITS), strict=False))
    return address


@lru_cache(maxsize=_REMEMBERED)
def _parsed(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
