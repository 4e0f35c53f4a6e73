"""Plan files in folders: what they name lies beside or below them, wherever links lead (attacks A109)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from placet.domain.authorization.plan_file import PlanFile, parse_plan_file
from placet.errors import InvalidInputError
from placet.ports.blobs import ARTIFACT_LIMIT_BYTES
from placet.ports.packer import Packer
from placet.ports.plan_files import ReadPlan

_BESIDE = "give a plan file that you may read, and name in it files that lie beside or below it"


class PlanFolder:
    """The `PlanFiles` of this machine."""

    def __init__(self, packer: Packer) -> None:
        """Take what packs packages."""
        self._packer = packer

    async def read(self, path: Path) -> ReadPlan:
        """Return the plan file at `path` with what it names; see the port."""
        file = parse_plan_file(await asyncio.to_thread(_read, path, path.name))
        folder = path.parent
        contents = {name: await asyncio.to_thread(_read, _beside(folder, name), name) for name in file.files}
        return ReadPlan(file=file, tgz=await self._pack(file, folder), contents=contents)

    async def _pack(self, file: PlanFile, folder: Path) -> bytes:
        if file.package is None:
            return b""
        return await self._packer.pack(_beside(folder, file.package.path))


def _beside(folder: Path, name: str) -> Path:
    """Return the path of what a plan file names: in its own folder or below, wherever links lead.

    Who writes the file does not choose what of this machine is sent.
    """
    try:
        place, inside = (folder / name).resolve(), folder.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, say
        raise InvalidInputError(
            "PLAN_FILE_INVALID",
            f"{name[:200]!a} cannot be read (it leads nowhere)",
            hint=_BESIDE,
        ) from error
    if not place.is_relative_to(inside):
        raise InvalidInputError(
            "PLAN_FILE_INVALID",
            f"{name[:200]!a} lies outside the plan file's folder",
            hint="a plan file sends what lies beside or below it",
        )
    return place


def _read(path: Path, name: str) -> bytes:
    if path.exists() and not path.is_file():
        raise InvalidInputError("PLAN_FILE_INVALID", f"{name[:200]!a} cannot be read (it is no file)", hint=_BESIDE)
    try:
        with path.open("rb") as file:
            content = file.read(ARTIFACT_LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        raise InvalidInputError(
            "PLAN_FILE_INVALID",
            f"{name[:200]!a} cannot be read ({reason})",
            hint=_BESIDE,
        ) from error
    if len(content) > ARTIFACT_LIMIT_BYTES:
        raise InvalidInputError("PLAN_FILE_INVALID", f"{name[:200]!a} has more than {ARTIFACT_LIMIT_BYTES} bytes")
    return content
