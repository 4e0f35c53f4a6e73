"""`open_pr`: a pull request between two branches of a repository, its head at the planned commit (protocol 5)."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.sending import Sender, Sleep
from placet.adapters.github.answers import Says, UnclearError, number_of, object_of, seconds_to_wait, text_of
from placet.adapters.github.client import Repository, repository_at
from placet.adapters.github.release_state import carries, is_text_of
from placet.adapters.github.steps import Steps, Tried
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.repository_operations import PlannedPull, check_texts, marked, read_pull
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.foreign_json import JsonObject
from placet.domain.values.kinds import OutcomeStatus
from placet.ports.effects import Credentials, Finding, Outcome, Presence, Provider
from placet.ports.executor import SendPermit


class PullExecutor:
    """Opens pull requests and looks them up by head and base."""

    def __init__(self, egress: Egress, credentials: Credentials, *, sleep: Sleep = asyncio.sleep) -> None:
        """Take the way out, where credentials are, and how to wait."""
        self._egress = egress
        self._credentials = credentials
        self._sender = Sender(seconds_to_wait, sleep)

    async def perform(self, provider: Provider, authorized: AuthorizedOperation, permit: SendPermit) -> Outcome:
        """Open the pull request once, if its head is at the planned commit, as `Executor.perform`."""
        check_texts(authorized.operation, authorized.contents)
        planned = read_pull(authorized.operation)
        repository = repository_at(self._egress, self._credentials, provider, planned.repository)
        steps = Steps(self._sender, permit, repository.said)
        standing = await look_up_pull(repository, planned)
        if standing.presence is not Presence.ABSENT:
            return _not_sent(steps, planned, standing)
        if (reason := await _head_moved(repository, planned)) is not None:
            return steps.outcome(OutcomeStatus.FAILED, "STALE_COMMIT", reason)
        members = _members(planned, authorized.contents[planned.text.name].decode())
        tried = await steps.send("pull", lambda: repository.write("POST", "/pulls", members, permit))
        return await _judge(steps, repository, planned, tried)

    async def look_up(self, provider: Provider, operation: Operation) -> Finding:
        """Tell whether the pull request stands as planned, as `Executor.look_up`."""
        planned = read_pull(operation)
        return await look_up_pull(repository_at(self._egress, self._credentials, provider, planned.repository), planned)


async def look_up_pull(repository: Repository, planned: PlannedPull) -> Finding:
    """Tell whether our pull request stands with its head at the planned commit.

    Ours, at whatever state, goes before an open one of somebody else's between the same branches,
    which GitHub does not let stand beside another.
    """
    try:
        await repository.check_readable()
        pulls = [each for each in await _between(repository, planned) if _is_between(each, planned)]
        ours = [each for each in pulls if carries(each, planned.marker)]
        if ours:
            return _judge_ours(ours, planned)
        others = [number_of(each, "number") for each in pulls if text_of(each, "state") == "open"]
    except UnclearError:
        return Finding(presence=Presence.UNKNOWN)
    if others:
        return Finding(presence=Presence.OTHER, response={"number": others[0]})
    return Finding(presence=Presence.ABSENT)


async def _between(repository: Repository, planned: PlannedPull) -> list[JsonObject]:
    head, base = quote(f"{repository.owner}:{planned.head}", safe=""), quote(planned.base, safe="")
    return await repository.pages("/pulls", f"state=all&head={head}&base={base}")


def _is_between(pull: JsonObject, planned: PlannedPull) -> bool:
    """Tell whether the pull request is between these branches: a filter that GitHub did not know leaves all."""
    head, base = object_of(pull, "head"), object_of(pull, "base")
    ours = head.get("repo")
    of_ours = isinstance(ours, dict) and text_of(ours, "full_name").lower() == planned.repository
    return of_ours and (text_of(head, "ref"), text_of(base, "ref")) == (planned.head, planned.base)


def _judge_ours(ours: list[JsonObject], planned: PlannedPull) -> Finding:
    pull, sha = ours[0], text_of(object_of(ours[0], "head"), "sha")
    response: Object = {"number": number_of(pull, "number"), "head_sha": sha}
    as_planned = (
        len(ours) == 1
        and sha == planned.head_sha
        and text_of(pull, "title") == planned.title
        and is_text_of(pull, planned.text, planned.marker)
    )
    return Finding(presence=Presence.SAME if as_planned else Presence.OTHER, response=response)


async def _head_moved(repository: Repository, planned: PlannedPull) -> str | None:
    """Return why the head is not at the planned commit, None where it is."""
    try:
        ref = await repository.ref("heads", planned.head)
    except UnclearError:
        return f"it cannot be told where {planned.head} stands; nothing was sent"
    if ref is not None and ref.sha == planned.head_sha:
        return None
    return f"the branch {planned.head} is at {ref.sha if ref else 'no commit'}, planned was {planned.head_sha}"


def _members(planned: PlannedPull, text: str) -> JsonObject:
    return {
        "title": planned.title,
        "head": planned.head,
        "base": planned.base,
        "body": marked(text, planned.marker),
        "draft": planned.draft,
    }


def _not_sent(steps: Steps, planned: PlannedPull, standing: Finding) -> Outcome:
    if standing.presence is Presence.SAME:
        return steps.executed(standing, found_by="look_up")
    if standing.presence is Presence.OTHER:
        return _conflict(steps, planned, standing)
    reason = f"it cannot be told whether a pull request from {planned.head} stands; nothing was sent"
    return steps.outcome(OutcomeStatus.FAILED, "PROVIDER_UNCLEAR", reason)


async def _judge(steps: Steps, repository: Repository, planned: PlannedPull, tried: Tried) -> Outcome:
    if tried.says in (Says.REFUSED, Says.LIMITED, Says.REDIRECTED):
        return steps.not_done(tried, "the pull request")
    finding = await steps.read_back(lambda: look_up_pull(repository, planned), patient=tried.says is Says.DONE)
    if finding.presence is Presence.SAME:
        return steps.executed(finding, found_by="answer" if tried.says is Says.DONE else "look_up")
    if finding.presence is Presence.OTHER:
        return _conflict(steps, planned, finding)
    return steps.not_done(tried, "the pull request", absent=finding.presence is Presence.ABSENT)


def _conflict(steps: Steps, planned: PlannedPull, finding: Finding) -> Outcome:
    reason = f"a pull request from {planned.head} to {planned.base} stands there with other content or another head"
    return steps.conflict("PULL_CONFLICT", reason, finding.response)
