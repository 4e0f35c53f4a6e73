"""What every answer carries, whoever made it: nothing may be framed, sniffed, kept or embedded."""

from __future__ import annotations

from collections.abc import Mapping

_ALWAYS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_OVER_TLS = {**_ALWAYS, "strict-transport-security": "max-age=63072000; includeSubDomains"}


def security_headers(*, tls: bool) -> Mapping[str, str]:
    """Return the headers of every answer; over TLS they also keep browsers from asking without it."""
    return _OVER_TLS if tls else _ALWAYS
