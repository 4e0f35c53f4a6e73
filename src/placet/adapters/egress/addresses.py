"""Which resolved addresses a provider's requests may connect to (attacks A50).

The check is on the address that is connected to, not on a second look-up of the name, so that
a name cannot answer with one address for the check and another for the connection.
"""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

from placet.adapters.egress.endpoint import EGRESS_DENIED, Endpoint
from placet.errors import EffectError

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192")
)
"""Addresses at which clouds hand credentials to whoever asks from inside."""
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))


def check_address(endpoint: Endpoint, text: str) -> Address:
    """Return the address spelled `text`, to which `endpoint`'s requests may connect.

    A loopback or private address is allowed where the provider's record names it literally, or
    where the record says that the name is inside a private network; `localhost` is loopback and
    nothing else. Link-local, metadata, multicast, unspecified, reserved and IPv4-carrying IPv6
    addresses are never allowed. Raise `EffectError` (`EGRESS_DENIED`).
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if _is_never_allowed(address):
        _deny(endpoint, address)
    if endpoint.literal is not None:
        allowed = address == endpoint.literal
    elif endpoint.names_loopback:
        allowed = address.is_loopback
    else:
        allowed = address.is_global or (endpoint.private and address.is_private and not address.is_loopback)
    if not allowed:
        _deny(endpoint, address)
    return address


def _is_never_allowed(address: Address) -> bool:
    return (
        address in _METADATA
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and not address.is_loopback)
        or _carries_ipv4(address)
    )


def _carries_ipv4(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return False
    embedded = address.ipv4_mapped or address.sixtofour or address.teredo
    return embedded is not None or any(address in network for network in _NAT64) or _is_ipv4_compatible(address)


def _is_ipv4_compatible(address: ipaddress.IPv6Address) -> bool:
    return address.packed[:12] == bytes(12) and not address.is_loopback and not address.is_unspecified


def _deny(endpoint: Endpoint, address: Address) -> None:
    raise EffectError(
        EGRESS_DENIED,
        f"nothing was opened: {endpoint.host} leads to {address}, which its provider record does not allow",
        hint="a registry on this machine or inside your network is named by its address in the provider's record",
    )
