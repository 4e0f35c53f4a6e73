"""What an archive may cost, and the three ways in which one is refused (contract 7, profile 1)."""

from __future__ import annotations

from msgspec import Struct

from placet.errors import InvalidInputError

ARCHIVE_PROFILE = 1
"""The number of the rules by which archives are read; statements carry it (protocol 8)."""

PATH_BYTES = 1024
SEGMENT_BYTES = 255  # the longest file name that common file systems can hold


class ArchiveLimits(Struct, frozen=True, kw_only=True):
    """How large and how dense an archive may be.

    Sizes in bytes: `packed` of the .tgz, `unpacked` of the tar stream, `manifest` of its
    package.json, `paths` of all paths together. `members` counts headers of every type. `ratio`
    is unpacked ÷ packed: of the whole archive, and of every beginning of it but for the first
    64 MiB. The defaults keep a reading within 64 MiB of memory.
    """

    packed: int = 100 * 1024**2
    unpacked: int = 1024**3
    members: int = 100_000
    ratio: int = 200
    manifest: int = 1024**2
    paths: int = 8 * 1024**2


DEFAULT_LIMITS = ArchiveLimits()


def unsafe(reason: str) -> InvalidInputError:
    """Return the refusal of an archive that profile 1 does not allow."""
    return InvalidInputError(
        "ARTIFACT_UNSAFE",
        f"the archive is refused: {reason}",
        hint="pack it again with npm pack; profile 1 allows plain files and folders under one top folder",
    )


def ambiguous(reason: str) -> InvalidInputError:
    """Return the refusal of an archive that two careful readers would read differently."""
    return InvalidInputError("ARTIFACT_AMBIGUOUS", f"the archive has two readings: {reason}")


def too_large(reason: str) -> InvalidInputError:
    """Return the refusal of an archive that costs more than the limits allow."""
    return InvalidInputError(
        "ARTIFACT_TOO_LARGE", f"the archive is too large: {reason}", hint="the limits are settings of the installation"
    )


def sparse(path: bytes) -> InvalidInputError:
    """Return the refusal of a member with holes, whatever size it claims."""
    return too_large(f"member {shown(path)} is sparse: it unpacks to more than it holds")


def shown(path: bytes | str) -> str:
    """Return a member's path as messages show it: escaped, quoted, cut."""
    text = path if isinstance(path, str) else path.decode("utf-8", "backslashreplace")
    return ascii(text[:120])
