"""Plan files: operations of any outside kind in one plan, read with what they name (protocol 1)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from placet import bootstrap
from placet.bootstrap import Opened
from placet.domain.authorization.plan_file import PlanFile, parse_plan_file
from placet.domain.encoding.canonical import Object
from placet.errors import InvalidInputError
from placet.facade import views
from placet.facade.publishing import Publishing, silent
from placet.facade.requester import requester_of
from placet.usecases.create_plan import PlanRequest, create_plan, rehearse_plan
from placet.usecases.prepare_release import Progress
from placet.usecases.resume_run import Waiter, finish_run

_LIMIT_BYTES = 256 * 1024 * 1024
_BESIDE = "give a plan file that you may read, and name in it files that lie beside or below it"


class Planning:
    """Plans that people write down."""

    def __init__(self, opened: Opened, publishing: Publishing) -> None:
        """Work on an open installation, whose runs `publishing` carries out."""
        self._opened = opened
        self._context = opened.context
        self._publishing = publishing

    async def create(self, path: Path, *, requester: str = "", progress: Progress = silent) -> Object:
        """Plan what the file at `path` asks for; perform nothing of it. Tell what is missing before it can be.

        Raise `InvalidInputError` (`PLAN_FILE_INVALID`) for a file that cannot be planned, and as `create_plan`.
        """
        request = await self._request(path, requester)
        planned = await create_plan(self._context, request, progress=progress)
        return {
            **await self._publishing.plan(planned.run.run_id),
            "state": planned.run.state.value,
            "subject": planned.run.subject,
            "certificate_id": planned.run.certificate_id,
            "missing": await self._publishing.missing(planned.run.run_id),
        }

    async def perform(self, path: Path, *, requester: str = "", progress: Progress = silent, wait: Waiter) -> Object:
        """Plan what the file asks for, wait for approvals as `wait` says, and carry it out; or finish it."""
        request = await self._request(path, requester)
        planned = await create_plan(self._context, request, progress=progress)
        return await self._publishing.published(await finish_run(self._context, planned.run, wait=wait))

    async def rehearse(self, path: Path, *, requester: str = "", progress: Progress = silent) -> Object:
        """Take the same road as a dry run: the same operations, what would ship, and nothing is done."""
        request = await self._request(path, requester)
        return views.rehearsed(await rehearse_plan(self._context, request, progress=progress))

    async def _request(self, path: Path, requester: str) -> PlanRequest:
        file = parse_plan_file(await asyncio.to_thread(_read, path, path.name))
        folder = path.parent
        contents = {name: await asyncio.to_thread(_read, _beside(folder, name), name) for name in file.files}
        return PlanRequest(
            file=file,
            tgz=await self._pack(file, folder),
            contents=contents,
            requester=await requester_of(self._opened, requester),
        )

    async def _pack(self, file: PlanFile, folder: Path) -> bytes:
        if file.package is None:
            return b""
        return await bootstrap.packer(self._opened.config).pack(_beside(folder, file.package.path))


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
            content = file.read(_LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        raise InvalidInputError(
            "PLAN_FILE_INVALID",
            f"{name[:200]!a} cannot be read ({reason})",
            hint=_BESIDE,
        ) from error
    if len(content) > _LIMIT_BYTES:
        raise InvalidInputError("PLAN_FILE_INVALID", f"{name[:200]!a} has more than {_LIMIT_BYTES} bytes")
    return content
