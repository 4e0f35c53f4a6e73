"""Plans that people write down: operations of any outside kind in one plan, read with what they name (protocol 1)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from placet import bootstrap
from placet.bootstrap import Opened
from placet.domain.authorization.api_key import Verb
from placet.domain.authorization.plan_file import PlanFile, parse_posted_plan
from placet.domain.encoding.canonical import Object
from placet.facade import views
from placet.facade.artifacts import Artifacts
from placet.facade.publishing import Publishing, silent
from placet.facade.requester import requester_of
from placet.facade.visible import check_scope
from placet.usecases.create_plan import PlanRequest, create_plan, rehearse_plan
from placet.usecases.prepare_release import Progress
from placet.usecases.resume_run import Waiter, finish_run


class Planning:
    """Plans that people write down, as files of this machine or as documents that they post."""

    def __init__(self, opened: Opened, publishing: Publishing) -> None:
        """Work on an open installation, whose runs `publishing` carries out."""
        self._opened = opened
        self._context = opened.context
        self._publishing = publishing
        self._artifacts = Artifacts(opened)

    async def create(self, path: Path, *, requester: str = "", progress: Progress = silent) -> Object:
        """Plan what the file at `path` asks for; perform nothing of it. Tell what is missing before it can be.

        Raise `InvalidInputError` (`PLAN_FILE_INVALID`) for a file that cannot be planned, and as `create_plan`.
        """
        return await self._created(await self._read(path, requester), progress)

    async def perform(self, path: Path, *, requester: str = "", progress: Progress = silent, wait: Waiter) -> Object:
        """Plan what the file asks for, wait for approvals as `wait` says, and carry it out; or finish it."""
        planned = await create_plan(self._context, await self._read(path, requester), progress=progress)
        return await self._publishing.published(await finish_run(self._context, planned.run, wait=wait))

    async def rehearse(self, path: Path, *, requester: str = "", progress: Progress = silent) -> Object:
        """Take the same road as a dry run: the same operations, what would ship, and nothing is done."""
        request = await self._read(path, requester)
        return views.rehearsed(await rehearse_plan(self._context, request, progress=progress))

    async def create_posted(self, document: Mapping[str, object], *, requester: str = "") -> Object:
        """Plan what a posted document asks for, as `create`; its bytes are what the caller uploaded.

        The caller needs the scope `runs:write` for each name that the plan is about.
        """
        return await self._created(await self._posted(document, requester), silent)

    async def rehearse_posted(self, document: Mapping[str, object], *, requester: str = "") -> Object:
        """Take the road of `create_posted` as a dry run."""
        request = await self._posted(document, requester)
        return views.rehearsed(await rehearse_plan(self._context, request, progress=silent))

    async def _created(self, request: PlanRequest, progress: Progress) -> Object:
        planned = await create_plan(self._context, request, progress=progress)
        return {
            **await self._publishing.plan(planned.run.run_id),
            "state": planned.run.state.value,
            "subject": planned.run.subject,
            "certificate_id": planned.run.certificate_id,
            "missing": await self._publishing.missing(planned.run.run_id),
        }

    async def _read(self, path: Path, requester: str) -> PlanRequest:
        read = await bootstrap.plan_files(self._opened.config).read(path)
        who = await requester_of(self._opened, requester)
        return PlanRequest(file=read.file, tgz=read.tgz, contents=read.contents, requester=who)

    async def _posted(self, document: Mapping[str, object], requester: str) -> PlanRequest:
        file = parse_posted_plan(document)
        who = await requester_of(self._opened, requester)
        check_scope(self._opened, Verb.PUBLISH, *_names(file))
        return PlanRequest(
            file=file,
            tgz=await self._artifacts.content(file.package.path) if file.package else b"",
            contents={digest: await self._artifacts.content(digest) for digest in file.files},
            requester=who,
        )


def _names(file: PlanFile) -> list[str]:
    """Return every name that a plan is about, once."""
    package = file.package.name if file.package else ""
    named = [each.name or package for each in file.operations]
    return sorted({package, *named} - {""})
