"""Stamp a package: put a metadata block into its archive, or take it out again (contract 7)."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from msgspec import Struct

from placet.domain.encoding.archive import ArchiveReading, read_archive
from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.foreign_json import read_foreign_object
from placet.domain.encoding.gunzip import gzip_tar
from placet.domain.package.metadata import BLOCK_KEY, PackageMetadata, read_metadata
from placet.domain.package.stamp import stamp, unstamp
from placet.ports.packer import Packer


class StampChange(Struct, frozen=True, kw_only=True):
    """An archive with a block put in (`stamped`) or taken out, as a .tgz packed anew."""

    tgz: bytes
    reading: ArchiveReading
    block: PackageMetadata
    stamped: bool

    def to_object(self) -> Object:
        """Return the documented shape of `placet package stamp|unstamp --json`."""
        digests = self.reading.digests
        return {
            "package": self.reading.name,
            "version": self.reading.version,
            "stamped": self.stamped,
            "sha256": digests.sha256,
            "sha512": digests.sha512,
            "integrity": self.reading.integrity,
            "size": digests.size,
            "tar_sha256": digests.tar_sha256,
            "block": self.block.to_object(),
        }


async def stamp_package(packer: Packer, path: Path, block_text: bytes, *, key: str = BLOCK_KEY) -> StampChange:
    """Return the archive at `path` with the block that `block_text` spells in JSON, in any spelling.

    Raise what `Packer.pack` and `stamp` raise, and `InvalidInputError` (`METADATA_INVALID`) for
    anything but the members of the contract.
    """
    members = read_foreign_object(block_text, what="the metadata block", code="METADATA_INVALID")
    block = read_metadata(cast("Value", members))  # which checks the type of every member
    tgz = stamp(await packer.pack(path), block, key=key)
    return StampChange(tgz=tgz, reading=read_archive(tgz), block=block, stamped=True)


async def unstamp_package(packer: Packer, path: Path, *, key: str = BLOCK_KEY) -> StampChange:
    """Return the archive at `path` as it was before it was stamped, but for its compression.

    Raise what `Packer.pack` and `unstamp` raise.
    """
    taken = unstamp(await packer.pack(path), key=key)
    tgz = gzip_tar(taken.tar)
    return StampChange(tgz=tgz, reading=read_archive(tgz), block=taken.block, stamped=False)
