"""`tag_repo`: an annotated tag whose SHA was planned, under a ref that is created once (protocol 5)."""

from __future__ import annotations

import asyncio
from datetime import UTC

from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.sending import Sender, Sleep
from placet.adapters.github.answers import Says, UnclearError, object_in, seconds_to_wait, text_of
from placet.adapters.github.client import Repository, repository_at
from placet.adapters.github.steps import Steps, StoppedError, Tried
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.repository_operations import PlannedTag, check_texts, read_tag
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.foreign_json import JsonObject
from placet.domain.values.kinds import OutcomeStatus
from placet.ports.effects import Credentials, Finding, Outcome, Presence, Provider
from placet.ports.executor import SendPermit


class TagExecutor:
    """Makes annotated tags and looks them up by name and SHA."""

    def __init__(self, egress: Egress, credentials: Credentials, *, sleep: Sleep = asyncio.sleep) -> None:
        """Take the way out, where credentials are, and how to wait."""
        self._egress = egress
        self._credentials = credentials
        self._sender = Sender(seconds_to_wait, sleep)

    async def perform(self, provider: Provider, authorized: AuthorizedOperation, permit: SendPermit) -> Outcome:
        """Make the tag object, then its ref, and tell where the ref then points, as `Executor.perform`.

        Raise `InvalidInputError` where the message is not the one that the tag's SHA stands for.
        """
        check_texts(authorized.operation, authorized.contents)
        planned = read_tag(authorized.operation)
        repository = repository_at(self._egress, self._credentials, provider, planned.repository)
        steps = Steps(self._sender, permit, repository.said)
        try:
            await _make_object(steps, repository, planned, authorized.contents[planned.message.name])
        except StoppedError as stopped:
            return stopped.outcome
        members: JsonObject = {"ref": f"refs/tags/{planned.tag}", "sha": planned.sha}
        tried = await steps.send("ref", lambda: repository.write("POST", "/git/refs", members, permit))
        return await _judge(steps, repository, planned, tried)

    async def look_up(self, provider: Provider, operation: Operation) -> Finding:
        """Tell whether the tag's ref points at the planned object, as `Executor.look_up`."""
        planned = read_tag(operation)
        return await look_up_tag(repository_at(self._egress, self._credentials, provider, planned.repository), planned)


async def look_up_tag(repository: Repository, planned: PlannedTag) -> Finding:
    """Tell whether the tag stands at its planned SHA, at another, or not at all."""
    try:
        ref = await repository.ref("tags", planned.tag)
    except UnclearError:
        return Finding(presence=Presence.UNKNOWN)
    if ref is None:
        return Finding(presence=Presence.ABSENT)
    response: Object = {"tag_sha": ref.sha}
    return Finding(presence=Presence.SAME if ref.sha == planned.sha else Presence.OTHER, response=response)


async def _make_object(steps: Steps, repository: Repository, planned: PlannedTag, message: bytes) -> None:
    """Create the tag object, which nobody sees without its ref; raise `StoppedError` where that fails."""
    members: JsonObject = {
        "tag": planned.tag,
        "message": message.decode(),
        "object": planned.commit_sha,
        "type": "commit",
        "tagger": {
            "name": planned.tagger.name,
            "email": planned.tagger.email,
            "date": planned.tagger.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    }
    tried = await steps.send("tag_object", lambda: repository.write("POST", "/git/tags", members, steps.permit))
    if tried.says is Says.UNCLEAR and await _stands(repository, planned):
        return
    if tried.says is not Says.DONE or tried.answer is None:
        raise StoppedError(steps.not_done(tried, "the tag object", absent=True))
    try:
        sha = text_of(object_in(tried.answer), "sha")
    except UnclearError as error:
        raise StoppedError(steps.outcome(OutcomeStatus.INDETERMINATE, error.code, error.message)) from error
    if sha != planned.sha:
        reason = "GitHub made another tag object than the planned one (it may trim messages); no ref was made for it"
        raise StoppedError(steps.outcome(OutcomeStatus.FAILED, "TAG_SHA_DIFFERS", reason))


async def _stands(repository: Repository, planned: PlannedTag) -> bool:
    try:
        return await repository.commit_of_tag(planned.sha) == planned.commit_sha
    except UnclearError:
        return False


async def _judge(steps: Steps, repository: Repository, planned: PlannedTag, tried: Tried) -> Outcome:
    if tried.says in (Says.REFUSED, Says.LIMITED, Says.REDIRECTED):
        return steps.not_done(tried, "the tag's ref")
    finding = await steps.read_back(lambda: look_up_tag(repository, planned), patient=tried.says is Says.DONE)
    if finding.presence is Presence.SAME:
        return steps.executed(finding, found_by="answer" if tried.says is Says.DONE else "look_up")
    if finding.presence is Presence.OTHER:
        message = f"the tag {planned.tag} of {planned.repository} stands there at another commit"
        return steps.conflict("TAG_CONFLICT", message, finding.response)
    return steps.not_done(tried, "the tag's ref", absent=finding.presence is Presence.ABSENT)
