"""Turning what a person names, a project's folder or a tarball, into the bytes to publish."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Packer(Protocol):
    """Packs a project without running anything of it (attack A109)."""

    async def pack(self, path: Path) -> bytes:
        """Return the bytes of the .tgz at `path`, or of the folder at `path` once packed.

        A tarball is read as it is and not judged here. Of a folder nothing runs, its settings
        are not read, and no file from outside it gets in. Writes nothing there; safe to repeat.

        Raise `InvalidInputError`: `PATH_INVALID` where nothing packable stands, `PACK_FAILED`
        where the folder cannot be packed (or not in time), `ARTIFACT_TOO_LARGE`,
        `ARTIFACT_UNSAFE` and `ARTIFACT_AMBIGUOUS` for what came out of it. Raise
        `ConfigurationError` (`NPM_MISSING`) where no npm is installed to pack a folder with.
        """
        ...
