"""Inspect a package: what its archive says, holds and would do, and whether it is stamped (contract 7)."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from placet.domain.encoding.archive import ArchiveReading, read_archive
from placet.domain.encoding.canonical import Object
from placet.domain.package.manifest import InstallEffects, install_effects
from placet.domain.package.metadata import BLOCK_KEY
from placet.domain.package.stamp import Unstamped, unstamp
from placet.ports.packer import Packer


class PackageInspection(Struct, frozen=True, kw_only=True):
    """What is known of one archive from its bytes alone; `unstamped` is None where it carries no block."""

    reading: ArchiveReading
    effects: InstallEffects
    unstamped: Unstamped | None

    def to_object(self) -> Object:
        """Return the documented shape of `placet package inspect --json`."""
        digests = self.reading.digests
        return {
            "package": self.reading.name,
            "version": self.reading.version,
            "archive_profile": self.reading.profile,
            "top_folder": self.reading.top_folder,
            "sha256": digests.sha256,
            "sha512": digests.sha512,
            "sha1": digests.sha1,
            "integrity": self.reading.integrity,
            "size": digests.size,
            "tarball_hash": self.reading.tarball_hash if self.unstamped is None else self.unstamped.tarball_hash,
            "tar_sha256": digests.tar_sha256,
            "tar_size": digests.tar_size,
            "stamped": self.unstamped is not None,
            "block": {} if self.unstamped is None else self.unstamped.block.to_object(),
            **_effects_object(self.effects),
            "files": [
                {"path": each.path, "mode": f"{each.mode:04o}", "size": each.size, "sha256": each.sha256}
                for each in self.reading.files
            ],
        }


async def inspect_package(packer: Packer, path: Path, *, key: str = BLOCK_KEY) -> PackageInspection:
    """Return what is known of the tarball, or the packed folder, at `path`.

    Raise what `Packer.pack` and `read_archive` raise, and `InvalidInputError`
    (`STAMP_NOT_CANONICAL`, `STAMP_REFUSED`) for a block under `key` that stamping did not write.
    """
    tgz = await packer.pack(path)
    reading = read_archive(tgz)
    return PackageInspection(
        reading=reading,
        effects=install_effects(reading),
        unstamped=unstamp(tgz, key=key) if key in reading.manifest else None,
    )


def _effects_object(effects: InstallEffects) -> Object:
    return {
        "install_scripts": [{"event": event, "command": command} for event, command in effects.scripts],
        "has_shrinkwrap": effects.has_shrinkwrap,
        "bundled_dependencies": list(effects.bundled),
        "bins": [{"command": command, "path": path} for command, path in effects.bins],
    }
