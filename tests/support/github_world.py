"""A whole installation in memory whose one GitHub is the double: from an approved plan to what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from placet.adapters.egress.exchange import Egress
from placet.adapters.github.facts import GithubFacts
from placet.adapters.github.pull import PullExecutor
from placet.adapters.github.release import ReleaseExecutor
from placet.adapters.github.tag import TagExecutor
from placet.adapters.live.observer import LiveObserver
from placet.adapters.live.port import Executors, LiveSideEffects
from placet.core.entities.governance import provider_key, stored_provider
from placet.core.entities.stored import entity_of
from placet.core.runs import Intent
from placet.core.settle import holds_fence
from placet.domain.authorization.operation import Operation, Precondition
from placet.domain.authorization.plan import Plan
from placet.domain.values.kinds import OperationKind
from placet.ports.effects import Provider
from placet.usecases.resume_run import Carried, resume_run
from support.effects import GivenCredentials, no_wait
from support.github import (
    ASSETS,
    MESSAGE,
    NOTES,
    TAG,
    TEXT,
    Github,
    pull_operation,
    release_operation,
    running_github,
    tag_operation,
    tag_sha,
)
from support.installation import POLICY
from support.world import World

RELEASING = """\
[[rule]]
operations = ["tag_repo", "publish_release", "open_pr"]
subjects = ["github:acme/*"]
requesters = ["ci:**", "person:*", "agent:*"]
approvals = [{ group = "maintainers", count = 1, assurance = 2 }]
"""


class GithubWorld(Struct):
    """The installation, whose providers of kind `github` tell who pushed and merged, and the double."""

    world: World
    github: Github

    def plan(self, *intents: Intent) -> Plan:
        return self.world.plan(*intents, subject="acme/tool@1.0.0")

    def approved_release(self) -> Plan:
        """Return an approved plan to tag the commit and release it."""
        return self.world.approved(self.plan(self.tag(), self.release()))

    def tag(self, **changed: Any) -> Intent:
        absent = (Precondition(fact=f"tag:{TAG}", expected="absent"),)
        return replace(intent_of(tag_operation(self.github.commit)), **{"preconditions": absent, **changed})

    def release(self, **changed: Any) -> Intent:
        stands = (Precondition(fact=f"tag:{TAG}", expected=tag_sha(self.github.commit)),)
        return replace(intent_of(release_operation(self.github.commit)), **{"preconditions": stands, **changed})

    def pull(self, head_sha: str, **changed: Any) -> Intent:
        at = (Precondition(fact="branch:docs-1.0.0", expected=head_sha),)
        return replace(intent_of(pull_operation(head_sha)), **{"preconditions": at, **changed})

    def carry_out(self, plan: Plan) -> Carried:
        """Go on with the plan's run, as `placet run resume` does."""
        return self.world.run(resume_run(self.world.context, plan.run_id))


def intent_of(operation: Operation) -> Intent:
    """Return what an operation would do, before it has an id."""
    return Intent(
        kind=operation.operation_kind,
        subject=operation.subject,
        params=operation.params,
        artifacts=operation.artifacts,
        preconditions=operation.preconditions,
    )


@contextmanager
def github_world() -> Iterator[GithubWorld]:
    """Open an installation over the double."""
    with running_github() as github:
        world = World(POLICY + RELEASING)
        for content in (MESSAGE, NOTES, TEXT, *ASSETS.values()):
            world.run(world.blobs.put(content))
        world.provide(Provider(provider_id="github", kind="github", url=github.double.url, credential="env:GITHUB"))
        _over(world)
        yield GithubWorld(world, github)


def _over(world: World) -> None:
    async def find_provider(provider_id: str) -> Provider | None:
        key = provider_key(provider_id)
        entity = entity_of(await world.store.load([key]), key)
        return stored_provider(entity) if entity else None

    egress, credentials = Egress(), GivenCredentials()
    executors: Executors = {
        ("github", OperationKind.TAG_REPO): TagExecutor(egress, credentials, sleep=no_wait),
        ("github", OperationKind.PUBLISH_RELEASE): ReleaseExecutor(egress, credentials, sleep=no_wait),
        ("github", OperationKind.OPEN_PR): PullExecutor(egress, credentials, sleep=no_wait),
    }
    world.rebuild(
        settings=replace(world.context.settings, account_kinds=frozenset({"github"})),
        effects=LiveSideEffects(executors, find_provider, lambda each: holds_fence(world.store, each), world.clock),
        observer=LiveObserver({"github": GithubFacts(egress, credentials)}, find_provider, world.clock),
    )
