"""`publish_package` at an npm registry: one send, judged by what is read back (protocol 5).

A registry writes a version once, so `dist.integrity` equal to the planned sha512 is the effect,
whoever's send made it; another integrity under the same version is a conflict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import AmbiguousError, Answer, NothingSentError
from placet.adapters.npm.answers import Says, read_answer, seconds_to_wait
from placet.adapters.npm.client import Registry
from placet.adapters.npm.document import Publication, build_publication, integrity_of
from placet.adapters.npm.lookup import look_up_version
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Operation
from placet.domain.encoding.canonical import Object
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import DeniedError, EffectError
from placet.ports.effects import Credentials, Finding, Outcome, Presence, Provider
from placet.ports.executor import SendPermit

Sleep = Callable[[float], Awaitable[object]]
_MAX_RETRIES = 3
_UNREACHABLE_WAITS = (0.2, 1.0, 3.0)
_READ_BACK_WAITS = (0.0, 0.3, 1.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """How sending ended: an answer, or the error that says whether bytes may have been sent."""

    answer: Answer | None
    error: EffectError | None
    retries: int


class NpmExecutor:
    """Publishes packages to npm registries and looks versions up."""

    def __init__(self, egress: Egress, credentials: Credentials, *, sleep: Sleep = asyncio.sleep) -> None:
        """Take the way out, where credentials are, and how to wait."""
        self._egress = egress
        self._credentials = credentials
        self._sleep = sleep

    async def perform(self, provider: Provider, authorized: AuthorizedOperation, permit: SendPermit) -> Outcome:
        """Publish the archive once and tell what the registry then shows, as `Executor.perform`.

        Raise `InvalidInputError` for an archive that is unsafe or of another package.
        """
        registry = self._registry(provider)
        publication = build_publication(authorized.operation, _only_archive(authorized), registry.endpoint)
        sent = await self._send(registry, publication, permit)
        return await self._judge(registry, publication, sent)

    async def look_up(self, provider: Provider, operation: Operation) -> Finding:
        """Tell whether the operation's version stands with its bytes, as `Executor.look_up`."""
        subject = operation.subject
        registry = self._registry(provider)
        return await look_up_version(registry, subject.name, subject.version, integrity_of(operation))

    def _registry(self, provider: Provider) -> Registry:
        endpoint = parse_endpoint(provider.url, private=provider.private)
        return Registry(self._egress, endpoint, self._credentials.of(provider))

    async def _send(self, registry: Registry, publication: Publication, permit: SendPermit) -> _Sent:
        """Send, and again only where the registry said that it did not act or no byte was sent."""
        for retries in range(_MAX_RETRIES + 1):
            wait: float | None
            try:
                sent = _Sent(answer=await registry.publish(publication, permit), error=None, retries=retries)
                wait = seconds_to_wait(sent.answer) if sent.answer else None
            except AmbiguousError as error:
                return _Sent(answer=None, error=error, retries=retries)
            except NothingSentError as error:
                sent = _Sent(answer=None, error=error, retries=retries)
                wait = _UNREACHABLE_WAITS[min(retries, len(_UNREACHABLE_WAITS) - 1)]
            if wait is None or retries == _MAX_RETRIES or wait >= permit.seconds_left:
                break
            await self._sleep(wait)
        return sent

    async def _judge(self, registry: Registry, publication: Publication, sent: _Sent) -> Outcome:
        if isinstance(sent.error, NothingSentError):
            return _outcome(sent, OutcomeStatus.FAILED, sent.error.code, sent.error.message)
        says = read_answer(sent.answer.status) if sent.answer else Says.UNCLEAR
        finding = await self._read_back(registry, publication, patient=says is Says.DONE)
        if finding.presence is Presence.SAME:
            return _executed(sent, publication, finding)
        if finding.presence is Presence.OTHER:
            message = f"{publication.package}@{publication.version} stands there with other content"
            return _outcome(sent, OutcomeStatus.CONFLICT, "VERSION_CONFLICT", message, finding.response)
        return _not_there(sent, says, absent=finding.presence is Presence.ABSENT)

    async def _read_back(self, registry: Registry, publication: Publication, *, patient: bool) -> Finding:
        """Look the version up; after a yes, give the registry a few seconds to show it."""
        finding = Finding(presence=Presence.UNKNOWN)
        for wait in _READ_BACK_WAITS if patient else _READ_BACK_WAITS[:1]:
            await self._sleep(wait)
            finding = await look_up_version(registry, publication.package, publication.version, publication.integrity)
            if finding.presence in {Presence.SAME, Presence.OTHER}:
                break
        return finding


def _only_archive(authorized: AuthorizedOperation) -> bytes:
    artifacts = authorized.operation.artifacts
    if len(artifacts) != 1:
        raise DeniedError("ARTIFACT_MISMATCH", f"a publication sends one archive, the plan names {len(artifacts)}")
    return authorized.contents[artifacts[0].name]


def _executed(sent: _Sent, publication: Publication, finding: Finding) -> Outcome:
    answered = sent.answer is not None and read_answer(sent.answer.status) is Says.DONE
    facts: Object = {
        **finding.response,
        "dist_tag": publication.dist_tag,
        "found_by": "answer" if answered else "look_up",
    }
    return _outcome(sent, OutcomeStatus.EXECUTED, "", "", facts)


def _not_there(sent: _Sent, says: Says, *, absent: bool) -> Outcome:
    """Return what follows where the version does not stand, or nobody can tell."""
    status = sent.answer.status if sent.answer else 0
    if absent and says is Says.REDIRECTED:
        message = f"the registry answered {status}, a redirect, and none is followed"
        return _outcome(sent, OutcomeStatus.FAILED, "EGRESS_DENIED", message)
    if says is Says.REFUSED or (says is Says.STANDS_OR_REFUSED and absent):
        return _outcome(sent, OutcomeStatus.FAILED, "PROVIDER_REFUSED", f"the registry refused with {status}")
    if sent.error is not None:
        return _outcome(sent, OutcomeStatus.INDETERMINATE, sent.error.code, sent.error.message)
    message = f"the registry answered {status}, and the version cannot be read back yet"
    return _outcome(sent, OutcomeStatus.INDETERMINATE, "PROVIDER_AMBIGUOUS", message)


def _outcome(sent: _Sent, status: OutcomeStatus, code: str, message: str, response: Object | None = None) -> Outcome:
    facts: Object = {"status": sent.answer.status} if sent.answer else {}
    return Outcome(
        status=status,
        response={**facts, **(response or {})},
        error_code=code,
        error_message=message,
        retries=sent.retries,
    )
