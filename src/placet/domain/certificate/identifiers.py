"""The names of certificates and of what they are about (contract 2, protocol 8).

Sequence numbers are given: the caller takes them from the store, where they are unique and never
used twice.
"""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

CERTIFICATE_ID = r"CERT-PKG-[0-9]{8}-[0-9]{3,9}"
CHITTY_URI = r"chitty://cert/pkg/[A-Za-z0-9%._~-]{1,256}/[0-9]{4}/[0-9]{3,9}"


def certificate_id(day: date, sequence: int) -> str:
    """Return `CERT-PKG-20251113-001` for the first certificate of a UTC day."""
    return f"CERT-PKG-{day:%Y%m%d}-{sequence:03d}"


def chitty_uri(package: str, year: int, sequence: int) -> str:
    """Return `chitty://cert/pkg/executive-mcp/2025/001`: a name without the scope, no identity."""
    return f"chitty://cert/pkg/{_quoted(unscoped(package))}/{year:04d}/{sequence:03d}"


def unscoped(package: str) -> str:
    """Return the name without its scope: `tool` for `@acme/tool`."""
    return package.rpartition("/")[2]


def package_url(package: str, version: str) -> str:
    """Return the package URL, the identity of a version: `pkg:npm/%40acme/tool@1.0.0`.

    Every part is percent-encoded on its own, so two packages never share a URL.
    """
    scope, slash, name = package.rpartition("/")
    return f"pkg:npm/{_quoted(scope)}{slash}{_quoted(name)}@{_quoted(version)}"


def _quoted(text: str) -> str:
    return quote(text, safe="")
