"""The names of certificates and of what they are about (contract 2, protocol 8).

Sequence numbers are given: the caller takes them from the store, where they are unique and never
used twice.
"""

from __future__ import annotations

from datetime import date

from placet.domain.values.npm import PackageName, unscoped_name

CERTIFICATE_ID = r"CERT-PKG-[0-9]{8}-[0-9]{3,9}"
CHITTY_URI = r"chitty://cert/pkg/[a-z0-9][a-z0-9._-]{0,213}/[0-9]{4}/[0-9]{3,9}"


def certificate_id(day: date, sequence: int) -> str:
    """Return `CERT-PKG-20251113-001` for the first certificate of a UTC day."""
    return f"CERT-PKG-{day:%Y%m%d}-{sequence:03d}"


def chitty_uri(package: PackageName, year: int, sequence: int) -> str:
    """Return `chitty://cert/pkg/executive-mcp/2025/001`: a name without the scope, no identity."""
    return f"chitty://cert/pkg/{unscoped_name(package)}/{year:04d}/{sequence:03d}"
