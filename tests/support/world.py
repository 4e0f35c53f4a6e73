"""A whole installation in memory, edited in one line per test: the real Core over fakes of its ports.

    world = World()
    token = world.issue(world.approved(world.plan(a_publication())))
    with world.refusing("RUN_MISMATCH"):
        world.present(token, run_id=OTHER_RUN)

The effect port is the live one; behind it stands a `Double` instead of executors, which counts
what reaches it and fails when it is told to.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from cryptography.hazmat.primitives.serialization import Encoding

from placet.adapters.live.observer import LiveObserver
from placet.adapters.live.port import LiveSideEffects
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
    ReceiptRecord,
    read_receipt_record,
    receipt_key,
    receipt_key_object,
    receipt_key_record_key,
)
from placet.core.entities.stored import entity_of, required
from placet.core.execute import Report, contents_of, execute_plan, present
from placet.core.installation import Beginning, Profile, first_decisions
from placet.core.mint import issue_receipt
from placet.core.runs import Intent, add_plan, open_run
from placet.core.settle import holds_fence
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.facts import KeyState, ReceiptState, Request
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.principal import Principal, PrincipalKey, checked
from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.certificate.request import make_request
from placet.domain.encoding.canonical import Object, Value
from placet.domain.log.change import Committed, EntityKey, Snapshot
from placet.domain.log.entry import Entry, parse_entry
from placet.domain.values.kinds import Mode, OperationKind
from placet.ports.effects import Provider
from placet.ports.store import Store
from placet.usecases.approve_plan import fill_in, record_approval, show_ballot
from support.doubles import CountingStore, Double, GivenAuthority, MemoryBlobs, Numbered
from support.governance import NOW, key_of
from support.intents import ARCHIVE, a_certificate, a_publication
from support.ledgers import ORIGIN, SIGNER, Home, InMemory, LedgerStore, SetClock
from support.refusals import Refused, refusing
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
operations = ["activate_policy", "enrol_principal", "change_executor", "revoke_certificate"]
subjects = ["core:**"]
requesters = ["person:*"]
approvals = []
"""
POLICY = TEAM + PUBLISHING + CERTIFYING + GOVERNING
T = TypeVar("T")


class Crash(BaseException):
    """Stands for the end of the process at a named point: nothing may catch it."""


class World:
    """The installation. Every method runs to its end before it returns."""

    def __init__(self, policy: str = POLICY, *, home: Home | None = None, settings: Settings | None = None) -> None:
        self.home = home or InMemory(clock=SetClock(NOW))
        self.clock: SetClock = self.home.clock
        self.ledger: LedgerStore = self.home.create()
        self.store = CountingStore(self.ledger)
        self.double = Double()
        self.blobs = MemoryBlobs()
        self.authority = GivenAuthority()
        self.secret = hashlib.sha256(b"receipt secret canary").digest()
        self.randomness = Numbered()
        self.context = self._context(self.store, settings or Settings())
        self.points: list[str] = []
        self.crash_at = ""
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
        self.run(self.blobs.put(ARCHIVE))

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
        at = self.clock.now()
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

    def set_key_state(self, state: KeyState) -> None:
        """Move the receipt key on in its life."""
        self.write(receipt_key_record_key(KEY_ID), receipt_key_object(KEY_ID, state))

    # From plan to effect

    def plan(
        self,
        *intents: Intent,
        requester: str = REQUESTER,
        mode: Mode = Mode.PROD,
        archive_sha256: str = "",
        subject: str = "@acme/tool@1.0.0",
    ) -> Plan:
        """Open a run and store its plan of these intents, by default one publication."""

        async def work() -> Plan:
            run = await open_run(
                self.context, mode=mode, requester=requester, subject=subject, archive_sha256=archive_sha256
            )
            return await add_plan(self.context, run, intents or [a_publication()])

        return self.run(work())

    def certificate_plan(self, **asked: Any) -> Plan:
        """Return a plan to certify `@acme/tool` 1.0.0, with a key of its own."""
        key = self.context.key_maker.private_key(KeyAlgorithm.P256)
        request = make_request(key).public_bytes(Encoding.PEM)
        self.run(self.blobs.put(request))
        return self.plan(a_certificate(request), **asked)

    def certificate(self) -> str:
        """Issue a certificate for `@acme/tool` 1.0.0 and return its id."""
        (report,) = self.run(execute_plan(self.context, self.certificate_plan(), actor=ACTOR))
        return str(report.response["certificate_id"])

    def say(
        self,
        plan: Plan,
        name: str,
        decision: ApprovalDecision,
        *,
        group: str = "maintainers",
        key: SoftKey | None = None,
        hours: float = 24,
    ) -> None:
        """Sign and record what somebody says about a plan."""
        signer = key or key_of(name)

        async def work() -> None:
            ballot = await show_ballot(self.context, plan.run_id, f"person:{name}")
            said = fill_in(
                self.context,
                ballot,
                approver=f"person:{name}",
                key_id=signer.public.key_id,
                decision=decision,
                group=group,
            )
            said = replace(said, expires_at=said.issued_at + timedelta(hours=hours))
            await record_approval(self.context, said.encode(), signer.sign(said.encode()))

        self.run(work())

    def approved(self, plan: Plan, *names: str, hours: float = 24) -> Plan:
        """Return the plan after these maintainers approved it, by default alice."""
        for name in names or ("alice",):
            self.say(plan, name, ApprovalDecision.APPROVE, hours=hours)
        return plan

    def deny(self, plan: Plan, name: str = "bob") -> None:
        self.say(plan, name, ApprovalDecision.DENY, group="")

    def withdraw(self, plan: Plan, name: str = "bob") -> None:
        self.say(plan, name, ApprovalDecision.WITHDRAW, group="")

    def issue(self, plan: Plan, step: int = 1) -> str:
        """Return the compact form of a fresh receipt for one step of a plan."""
        return self.run(issue_receipt(self.context, plan.operations[step - 1].operation_id, actor=ACTOR))

    def ready(self, *intents: Intent, **asked: Any) -> tuple[Plan, str]:
        """Return an approved plan and the receipt of its first step."""
        plan = self.approved(self.plan(*intents, **asked))
        return plan, self.issue(plan)

    def present(
        self,
        plan: Plan,
        token: object,
        *,
        operation: Operation | None = None,
        step: int = 1,
        contents: Mapping[str, bytes] | None = None,
        **presented: Any,
    ) -> Report:
        """Present a token for a step of a plan, with `presented` members of the request and other bytes."""
        members: dict[str, Any] = {"mode": "prod", "run_id": plan.run_id, "token": token}
        request = Request(**{**members, "operation": operation or plan.operations[step - 1], **presented})

        async def work() -> Report:
            planned = plan.operations[step - 1]
            bytes_at_hand = await contents_of(self.context, planned) if contents is None else contents
            return await present(self.context, request, bytes_at_hand, actor=ACTOR)

        return self.run(work())

    def meanwhile(self, happens: Callable[[], object]) -> None:
        """Let something happen between the next decision and its commit."""
        self.store.before_commit = happens

    def break_next(self, fault_of: FaultOf) -> None:
        """Let commits fail as `fault_of` says; only over a home in memory."""
        assert isinstance(self.home, InMemory)
        assert self.home.tables is not None
        self.ledger = MemoryStore(self.home.tables, SIGNER, self.home.anchor, self.clock, fault_of=fault_of)
        self.store.move_to(self.ledger)

    def move(self, **by: float) -> None:
        """Advance the clock."""
        self.clock.move(**by)

    # What is on record

    def load(self, *keys: EntityKey) -> Snapshot:
        return self.run(self.ledger.load(keys))

    def receipt(self, receipt_id: str) -> ReceiptRecord:
        key = receipt_key(receipt_id)
        return read_receipt_record(required(self.load(key), key, "receipt"))

    def state(self, receipt_id: str) -> ReceiptState:
        return self.receipt(receipt_id).state

    def contents(self) -> list[bytes]:
        """Return the bytes of all entries."""

        async def work() -> list[bytes]:
            return [content async for content in self.ledger.entries(0, 1_000_000)]

        return self.run(work())

    def entries(self, *types: str) -> list[Entry]:
        """Return all entries, or those of these types."""
        parsed = [parse_entry(content) for content in self.contents()]
        return [each for each in parsed if not types or each.body.type in types]

    def denials(self) -> list[dict[str, Value]]:
        """Return the data of every recorded denial."""
        return [
            dict(each.body.data) for each in self.entries("authorization.denied") if isinstance(each.body.data, dict)
        ]

    def refusing(
        self, code: str, *, alert: bool | None = None, check: str | None = None
    ) -> AbstractContextManager[Refused]:
        """Expect one refusal with `code`, as `refusals.refusing` says."""
        return refusing(self, code, alert=alert, check=check)
