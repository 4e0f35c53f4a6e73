"""`put_object` to a folder: written once, never overwritten, judged by what is read back (contract 6)."""

from __future__ import annotations

import asyncio
import errno
import re
from pathlib import Path

from placet.adapters.files.folder import Folder
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.object_key import key_of, key_of_fact, only_content
from placet.domain.authorization.operation import Operation, Subject
from placet.domain.encoding.canonical import Object
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import EffectError
from placet.ports.effects import Finding, Outcome, Presence, Provider
from placet.ports.executor import SendPermit

_URL = re.compile(r"file:(//)?(?P<path>/[ -~]*)")
_NO_FOLDER = frozenset({errno.ELOOP, errno.ENOTDIR})


class FolderExecutor:
    """Writes objects into a folder provider, and tells what stands there."""

    async def perform(self, provider: Provider, authorized: AuthorizedOperation, permit: SendPermit) -> Outcome:
        """Create the object, or find it there, as `Executor.perform`.

        The bytes are written aside first; the permit is checked right before they are given the
        object's name, which is the effect.
        """
        folder, segments = _folder(provider), key_of(authorized.operation)
        content, may_have_acted = only_content(authorized), False
        try:
            async with _Staged(folder, content) as staged:
                await permit.check()
                may_have_acted = True
                await asyncio.to_thread(folder.place, staged, segments)
        except FileExistsError:
            return await self._judge(folder, authorized.operation, found_by="look_up")
        except OSError as error:
            if not may_have_acted:
                return _failed("PROVIDER_UNREACHABLE", f"the folder cannot be written ({error.strerror})")
            if error.errno in _NO_FOLDER:
                return _failed("EGRESS_DENIED", f"a link or a file stands in the way of {'/'.join(segments)}")
            return await self._judge(
                folder, authorized.operation, found_by="look_up", reason=error.strerror or "I/O error"
            )
        return await self._judge(folder, authorized.operation, found_by="answer")

    async def look_up(self, provider: Provider, operation: Operation) -> Finding:
        """Tell whether the object stands with the operation's bytes, as `Executor.look_up`."""
        return await _look_up(_folder(provider), operation)

    async def read(self, provider: Provider, subject: Subject, fact: str) -> str:
        """Return fact `object:KEY`: `absent`, `sha256:…`, or `unobserved`, as `FactReader.read`."""
        segments = key_of_fact(fact, subject)
        if segments is None:
            return "unobserved"
        try:
            found = await asyncio.to_thread(_folder(provider).sha256_of, segments)
        except OSError:
            return "unobserved"
        if found is None:
            return "absent"
        return f"sha256:{found}" if found else "unobserved"

    async def _judge(self, folder: Folder, operation: Operation, *, found_by: str, reason: str = "") -> Outcome:
        finding = await _look_up(folder, operation)
        key = str(operation.params["key"])
        if finding.presence is Presence.SAME:
            return Outcome(status=OutcomeStatus.EXECUTED, response={**finding.response, "found_by": found_by})
        if finding.presence is Presence.OTHER:
            return Outcome(
                status=OutcomeStatus.CONFLICT,
                response=finding.response,
                error_code="OBJECT_CONFLICT",
                error_message=f"{key} stands there with other content",
            )
        absent = finding.presence is Presence.ABSENT
        return Outcome(
            status=OutcomeStatus.FAILED if absent and reason else OutcomeStatus.INDETERMINATE,
            error_code="PROVIDER_REFUSED" if absent and reason else "PROVIDER_AMBIGUOUS",
            error_message=f"{key} could not be written ({reason or 'it cannot be read back'})",
        )


def _failed(code: str, reason: str) -> Outcome:
    return Outcome(status=OutcomeStatus.FAILED, error_code=code, error_message=f"nothing was written: {reason}")


class _Staged:
    """The staged file of one effect, made and taken away off the event loop."""

    def __init__(self, folder: Folder, content: bytes) -> None:
        self._context = folder.staged(content)

    async def __aenter__(self) -> str:
        return await asyncio.to_thread(self._context.__enter__)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._context.__exit__, None, None, None)


async def _look_up(folder: Folder, operation: Operation) -> Finding:
    try:
        found = await asyncio.to_thread(folder.sha256_of, key_of(operation))
    except OSError:
        return Finding(presence=Presence.UNKNOWN)
    if not found:
        return Finding(presence=Presence.ABSENT if found is None else Presence.OTHER)
    response: Object = {"sha256": f"sha256:{found}"}
    same = found == operation.artifacts[0].sha256
    return Finding(presence=Presence.SAME if same else Presence.OTHER, response=response)


def _folder(provider: Provider) -> Folder:
    match = _URL.fullmatch(provider.url)
    if match is None or ".." in match["path"].split("/"):
        raise EffectError("EGRESS_DENIED", f"nothing was opened: provider {provider.provider_id} names no folder")
    return Folder(Path(match["path"]))
