"""A package archive, read: which package it is, what npm would install, under which digests (contract 7)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

from msgspec import Struct

from placet.domain.encoding.archive_limits import ARCHIVE_PROFILE, DEFAULT_LIMITS, ArchiveLimits, shown
from placet.domain.encoding.archive_scan import MANIFEST, ArchiveFile, scan_archive
from placet.domain.encoding.foreign_json import Json, JsonObject, read_foreign_object
from placet.domain.encoding.gunzip import TarballDigests
from placet.domain.values.digest import Digest
from placet.domain.values.npm import PackageName, Version, parse_package_name, parse_version
from placet.errors import InvalidInputError


class ArchiveReading(Struct, frozen=True, kw_only=True):
    """What one archive of profile 1 says and holds.

    `name`, `version` and `manifest` are those of the package.json inside it, never a client's.
    `files` are in the archive's order. The digests of the .tgz are plain hex.
    """

    name: PackageName
    version: Version
    manifest: Mapping[str, Json]
    top_folder: str
    files: tuple[ArchiveFile, ...]
    digests: TarballDigests
    profile: int = ARCHIVE_PROFILE

    @property
    def tarball_hash(self) -> Digest:
        """Return the SHA-256 of the tar stream, which a certificate is bound to while unstamped."""
        return self.digests.tar_sha256

    @property
    def integrity(self) -> str:
        """Return what npm calls `dist.integrity`: one `sha512-` in base64."""
        return "sha512-" + base64.b64encode(bytes.fromhex(self.digests.sha512)).decode()


def read_archive(
    tgz: bytes | Iterable[bytes], *, size: int | None = None, limits: ArchiveLimits = DEFAULT_LIMITS
) -> ArchiveReading:
    """Return what the archive `tgz` says and holds: bytes, or chunks of exactly `size` bytes.

    Memory is bounded by `limits`, not by the archive. Raise `InvalidInputError`:
    `ARTIFACT_UNSAFE`, `ARTIFACT_TOO_LARGE`, `ARTIFACT_AMBIGUOUS`, and for its name and version
    `NAME_INVALID`, `NAME_CONFUSABLE`, `VERSION_INVALID`.
    """
    scan = scan_archive(tgz, size=size, limits=limits)
    manifest = read_foreign_object(scan.manifest_text, what=f"its {MANIFEST}", code="ARTIFACT_AMBIGUOUS")
    return ArchiveReading(
        name=parse_package_name(_text(manifest, "name", "NAME_INVALID")),
        version=parse_version(_text(manifest, "version", "VERSION_INVALID")),
        manifest=manifest,
        top_folder=scan.top_folder,
        files=scan.files,
        digests=scan.digests,
    )


def manifest_of(tgz: bytes, *, limits: ArchiveLimits = DEFAULT_LIMITS) -> JsonObject:
    """Return the package.json inside `tgz` as a plain dict; raise as `read_archive` does."""
    return dict(read_archive(tgz, limits=limits).manifest)


def check_is_package(reading: ArchiveReading, name: str, version: str) -> None:
    """Raise `InvalidInputError` (`MANIFEST_MISMATCH`) if the archive is another package than asked."""
    if (reading.name, reading.version) != (name, version):
        raise InvalidInputError(
            "MANIFEST_MISMATCH",
            f"the archive holds {reading.name}@{reading.version}, not {shown(name)} at {shown(version)}",
            hint="publish the archive of the package and version that was asked for",
        )


def _text(manifest: JsonObject, member: str, code: str) -> str:
    value = manifest.get(member)
    if not isinstance(value, str):
        raise InvalidInputError(code, f"the archive's {MANIFEST} has no text under {member}")
    return value
