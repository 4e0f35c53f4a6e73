"""What every answer carries, whoever made it: nothing may be framed, sniffed, kept or embedded."""

from __future__ import annotations

from typing import TypeAlias

Header: TypeAlias = "tuple[bytes, bytes]"
"""A name in lower case, and its value, as they are sent."""

_ALWAYS: tuple[Header, ...] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_OVER_TLS = (*_ALWAYS, (b"strict-transport-security", b"max-age=63072000; includeSubDomains"))


def security_headers(*, tls: bool) -> tuple[Header, ...]:
    """Return the headers of every answer; over TLS they also keep browsers from asking without it."""
    return _OVER_TLS if tls else _ALWAYS
