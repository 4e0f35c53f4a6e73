"""An installation in memory: store, keys, people, policy and providers, each changed in one line."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from copy import copy
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from msgspec.structs import replace

from placet.adapters.live.observer import LiveObserver
from placet.adapters.live.port import LiveSideEffects
from placet.adapters.memory.anchor import MemoryAnchor
from placet.adapters.memory.blobs import MemoryBlobs
from placet.adapters.memory.store import FaultOf, MemoryStore
from placet.adapters.softkeys.maker import SoftwareKeyMaker
from placet.core.context import Context, Settings
from placet.core.decide import Decision, decide
from placet.core.entities.governance import (
    POLICY_IN_FORCE,
    PolicyInForce,
    kept_policy_key,
    principal_key,
    principal_object,
    provider_key,
    provider_object,
    stored_principal,
    stored_provider,
)
from placet.core.entities.receipts import (
    receipt_key_object,
    receipt_key_record_key,
)
from placet.core.entities.stored import entity_of, required
from placet.core.installation import Beginning, Profile, first_decisions
from placet.core.settle import holds_fence
from placet.domain.authorization.facts import KeyState
from placet.domain.authorization.freeze import EVERYTHING, Freeze
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.principal import Principal, PrincipalKey, checked
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Committed, EntityKey, Snapshot
from placet.domain.values.kinds import Mode, OperationKind
from placet.ports.effects import Provider
from placet.ports.store import Store
from placet.usecases.set_freeze import set_freeze
from support.doubles import CountingStore, Double, GivenAuthority, Numbered
from support.governance import NOW, key_of
from support.intents import ARCHIVE
from support.ledgers import ORIGIN, SIGNER, Home, InMemory, LedgerStore, SetClock
from support.soft_keys import SoftKey

REQUESTER = "ci:github:acme/tool"
ACTOR = "ci:github:acme/tool"
KEY_ID = "receipt-1"
TEAM = """\
version = "v1"
[groups.maintainers]
members = ["person:alice", "person:bob", "person:carol"]
[groups.security]
members = ["person:dave", "person:erin"]
"""
PUBLISHING = """\
[[rule]]
operations = ["publish_package", "put_object", "register_package"]
subjects = ["npm:@acme/*", "mirror:@acme/*", "files:@acme/*", "core:@acme/*"]
requesters = ["ci:**", "person:*", "agent:*"]
approvals = [{ group = "maintainers", count = 1, assurance = 2 }]
"""
CERTIFYING = """\
[[rule]]
operations = ["issue_certificate"]
subjects = ["core:@acme/*"]
requesters = ["ci:**", "person:*", "agent:*"]
approvals = []
"""
GOVERNING = """\
[[rule]]
operations = ["activate_policy", "enrol_principal", "change_executor", "revoke_certificate",
  "change_role", "change_approver_key", "lift_freeze"]
subjects = ["core:**"]
requesters = ["person:*"]
approvals = []
"""
POLICY = TEAM + PUBLISHING + CERTIFYING + GOVERNING
T = TypeVar("T")


class Crash(BaseException):
    """Stands for the end of the process at a named point: nothing may catch it."""


class Installation:
    """The installation. Every method runs to its end before it returns."""

    def __init__(self, policy: str = POLICY, *, home: Home | None = None, settings: Settings | None = None) -> None:
        self.home, given = (home, 0) if home else _like_the_first(policy)
        self.clock: SetClock = self.home.clock
        self.ledger: LedgerStore = self.home.create() if home else self.home.open()
        self.store = CountingStore(self.ledger)
        self.double = Double()
        self.blobs = MemoryBlobs()
        self.authority = GivenAuthority()
        self.secret = hashlib.sha256(b"receipt secret canary").digest()
        self.randomness = Numbered(given)
        self.context = self._context(self.store, settings or Settings())
        self.points: list[str] = []
        self.crash_at = ""
        self.run(self.blobs.put(ARCHIVE))
        if home:
            self._found(policy)

    def _found(self, policy: str) -> None:
        beginning = Beginning(profile=Profile.TEAM, receipt_key_id=KEY_ID, bootstrap_key="placet_boot_canary")
        for first in first_decisions(beginning, self.clock.now()):
            self.commit(first)
        for name in ("alice", "bob", "carol", "dave", "erin"):
            self.enrol(f"person:{name}", key_of(name))
        self.enrol(REQUESTER)
        for provider in ("npm", "mirror"):
            self.provide(Provider(provider_id=provider, kind="npm", url="http://127.0.0.1:9", credential=""))
        self.provide(Provider(provider_id="files", kind="folder", url="file:/nowhere", credential=""))
        self.activate(policy)

    def over(self, store: Store) -> Context:
        """Return the context of another process over the same home, with a store of its own."""
        return self._context(store, self.context.settings)

    def rebuild(self, **changed: Any) -> None:
        """Open the installation with other members of its context, say `mode` or `settings`."""
        self.context = replace(self.context, **changed)

    def _context(self, store: Store, settings: Settings) -> Context:
        async def find_provider(provider_id: str) -> Provider | None:
            key = provider_key(provider_id)
            entity = entity_of(await store.load([key]), key)
            return stored_provider(entity) if entity else None

        return Context(
            store=store,
            clock=self.clock,
            randomness=self.randomness,
            issuer=ORIGIN,
            mode=Mode.PROD,
            receipt_secrets={KEY_ID: self.secret},
            minting_key=KEY_ID,
            checkpoint_signer=SIGNER,
            effects=LiveSideEffects(
                {
                    ("npm", OperationKind.PUBLISH_PACKAGE): self.double,
                    ("folder", OperationKind.PUT_OBJECT): self.double,
                },
                find_provider,
                lambda authorized: holds_fence(store, authorized),
                self.clock,
            ),
            observer=LiveObserver({"npm": self.double, "folder": self.double}, find_provider, self.clock),
            blobs=self.blobs,
            authority=self.authority,
            key_maker=SoftwareKeyMaker(),
            settings=settings,
            at=self._passed,
        )

    def _passed(self, point: str) -> None:
        self.points.append(point)
        if point == self.crash_at:
            self.crash_at = ""
            raise Crash

    @staticmethod
    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)

    # What is in force

    def commit(self, decision: Decision) -> Committed:
        """Write a decision that rests on nothing but what it writes."""
        return self.run(decide(self.context, lambda _: decision.writes.keys(), lambda _snapshot, _now: decision))

    def write(self, key: EntityKey, value: Object | None) -> Committed:
        """Write one entity."""
        return self.commit(
            Decision(type="test.written", actor="service:test", subject="", data={}, writes={key: value})
        )

    def activate(self, policy: str) -> None:
        """Put a policy in force."""
        parsed = parse_policy(policy.encode())
        in_force = PolicyInForce(
            document=policy.encode(), digest=parsed.digest, version=parsed.version, activated_at=self.clock.now()
        ).to_object()
        for key in (POLICY_IN_FORCE, kept_policy_key(parsed.digest)):
            self.write(key, in_force)

    def enrol(self, principal_id: str, *keys: SoftKey, on_behalf_of: str = "") -> None:
        """Enrol a principal, or enrol it anew with other keys."""
        self.enrol_at(principal_id, self.clock.now(), *keys, on_behalf_of=on_behalf_of)

    def enrol_at(self, principal_id: str, at: datetime, *keys: SoftKey, on_behalf_of: str = "") -> None:
        """Enrol a principal as of an earlier instant."""
        held = tuple(PrincipalKey(public_key=key.public, enrolled_at=at) for key in keys)
        self._keep(checked(Principal(principal_id=principal_id, on_behalf_of=on_behalf_of, keys=held, enrolled_at=at)))

    def disable(self, principal_id: str) -> None:
        """End what a principal may do, from now on."""
        self._keep(replace(self.principal(principal_id), disabled_at=self.clock.now()))

    def revoke_key(self, name: str) -> None:
        """Revoke the key of a person, from now on."""
        person = self.principal(f"person:{name}")
        self._keep(person.with_key_revoked(key_of(name).public.key_id, self.clock.now()))

    def principal(self, principal_id: str) -> Principal:
        return stored_principal(required(self.load(principal_key(principal_id)), principal_key(principal_id), "p"))

    def _keep(self, principal: Principal) -> None:
        self.write(principal_key(principal.principal_id), principal_object(principal))

    def provide(self, provider: Provider) -> None:
        """Add or replace a provider's record."""
        self.write(provider_key(provider.provider_id), provider_object(provider))

    def freeze(self, *subjects: str, by: str = "person:dave") -> Freeze:
        """Freeze what matches these patterns, by default everything."""
        return self.run(set_freeze(self.context, subjects=subjects or EVERYTHING, reason="a leak", actor=by))

    def set_key_state(self, state: KeyState) -> None:
        """Move the receipt key on in its life."""
        self.write(receipt_key_record_key(KEY_ID), receipt_key_object(KEY_ID, state))

    def meanwhile(self, happens: Callable[[], object]) -> None:
        """Let something happen between the next decision and its commit."""
        self.store.before_commit = happens

    def break_next(self, fault_of: FaultOf) -> None:
        """Let commits fail as `fault_of` says; only over a home in memory."""
        self.ledger = self._again(self.clock, fault_of)
        self.store.move_to(self.ledger)

    def stalled(self, clock: SetClock) -> MemoryStore:
        """Return a store over the same home whose sequencer has a clock of its own."""
        return self._again(clock, lambda _: None)

    def _again(self, clock: SetClock, fault_of: FaultOf) -> MemoryStore:
        assert isinstance(self.home, InMemory)
        assert self.home.tables is not None
        return MemoryStore(self.home.tables, SIGNER, self.home.anchor, clock, fault_of=fault_of)

    def move(self, **by: float) -> None:
        """Advance the clock."""
        self.clock.move(**by)

    def load(self, *keys: EntityKey) -> Snapshot:
        return self.run(self.ledger.load(keys))


@cache
def _first(policy: str) -> Installation:
    return Installation(policy, home=InMemory(clock=SetClock(NOW)))


def _like_the_first(policy: str) -> tuple[InMemory, int]:
    """Return a copy of a home that was founded before with this policy, and how much randomness that took."""
    first = _first(policy)
    assert isinstance(first.home, InMemory)
    assert first.home.tables is not None
    tables = copy(first.home.tables)
    for name in ("entries", "nodes", "roots", "entities", "once", "index", "counters", "detached", "erasable"):
        setattr(tables, name, copy(getattr(tables, name)))
    anchor = MemoryAnchor()
    anchor.notes = dict(first.home.anchor.notes)
    return InMemory(clock=SetClock(NOW), anchor=anchor, tables=tables), first.randomness.given
