"""Packages by themselves: pack, inspect, stamp, unstamp. Needs no installation and records nothing (contract 7)."""

from __future__ import annotations

from pathlib import Path

from placet import bootstrap
from placet.config import Config
from placet.domain.encoding.canonical import Object
from placet.usecases.inspect_package import inspect_package
from placet.usecases.stamp_package import stamp_package, unstamp_package


class Packages:
    """What can be done with a package on this machine alone."""

    def __init__(self, config: Config) -> None:
        """Use the npm that the settings' PATH holds."""
        self._packer = bootstrap.packer(config)

    async def pack(self, path: Path) -> bytes:
        """Return the tarball at `path`, or the folder at `path` packed with scripts off."""
        return await self._packer.pack(path)

    async def inspect(self, path: Path) -> Object:
        """Return what is known of a package: digests, stamp, what installing it does, its files."""
        return (await inspect_package(self._packer, path)).to_object()

    async def stamp(self, path: Path, block: bytes) -> tuple[Object, bytes]:
        """Return what was made, and the archive with the metadata block that `block` spells in JSON."""
        change = await stamp_package(self._packer, path, block)
        return change.to_object(), change.tgz

    async def unstamp(self, path: Path) -> tuple[Object, bytes]:
        """Return what was made, and the archive as it was before it was stamped."""
        change = await unstamp_package(self._packer, path)
        return change.to_object(), change.tgz
