"""A whole installation in memory, edited in one line per test: the real Core over fakes of its ports.

    world = World()
    token = world.issue(world.approved(world.plan(a_publication())))
    with world.refusing("RUN_MISMATCH"):
        world.present(token, run_id=OTHER_RUN)

The effect port is the live one; behind it stands a `Double` instead of executors, which counts
what reaches it and fails when it is told to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from msgspec.structs import replace

from placet.core.entities.receipts import (
    ReceiptRecord,
    read_receipt_record,
    receipt_key,
)
from placet.core.entities.stored import required
from placet.core.execute import Report, contents_of, execute_plan, present
from placet.core.mint import issue_receipt
from placet.core.runs import Intent, add_plan, open_run
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.ballot import Ballot, fill_in
from placet.domain.authorization.facts import ReceiptState, Request
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.certificate.request import make_request
from placet.domain.encoding.canonical import Value
from placet.domain.log.entry import Entry, parse_entry
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import Mode
from placet.usecases.approve_plan import record_approval, show_ballot
from support.governance import key_of
from support.installation import ACTOR, REQUESTER, Installation
from support.intents import a_certificate, a_publication
from support.refusals import Refused, refusing
from support.soft_keys import SoftKey


class World(Installation):
    """An installation, and the road from a plan to its effect. Every method runs to its end before it returns."""

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
        """Sign and record what a person says about a plan."""
        self.run(self.saying(plan, f"person:{name}", decision, group=group, key=key, hours=hours))

    async def saying(
        self,
        plan: Plan,
        approver: str,
        decision: ApprovalDecision,
        *,
        group: str = "maintainers",
        key: SoftKey | None = None,
        hours: float = 24,
    ) -> None:
        """Sign and record what anybody says about a plan, with the key of that name unless another is given."""
        signer = key or key_of(approver.partition(":")[2])
        ballot = await show_ballot(self.context, plan.run_id, approver)
        key_id = signer.public.key_id
        said = fill_in(
            ballot, approver=approver, key_id=key_id, decision=decision, group=group, at=self.context.clock.now()
        )
        said = replace(said, expires_at=said.issued_at + timedelta(hours=hours))
        await record_approval(self.context, said.encode(), signer.sign(said.encode()))

    def ballot(self, plan: Plan, approver: str) -> Ballot:
        """Return a plan as an approver is shown it."""
        return self.run(show_ballot(self.context, plan.run_id, approver))

    def approved(self, plan: Plan, *names: str, hours: float = 24) -> Plan:
        """Return the plan after these maintainers approved it, by default alice."""
        for name in names or ("alice",):
            self.say(plan, name, ApprovalDecision.APPROVE, hours=hours)
        return plan

    def breaks(
        self,
        plan: Plan,
        *names: str,
        waives: Sequence[str] = ("approvals",),
        why: str = "the registry leaks",
        hours: float = 1,
        group: str = "security",
    ) -> Plan:
        """Return the plan after these persons, by default dave and erin, signed that something is waived for it."""
        for name in names or ("dave", "erin"):
            self.run(self.excepting(plan, name, waives=waives, why=why, hours=hours, group=group))
        return plan

    async def excepting(
        self, plan: Plan, name: str, *, waives: Sequence[str], why: str, hours: float, group: str
    ) -> None:
        """Sign and record what a person waives."""
        ballot = await show_ballot(self.context, plan.run_id, f"person:{name}")
        key = key_of(name)
        said = fill_in(
            ballot,
            approver=f"person:{name}",
            key_id=key.public.key_id,
            decision=ApprovalDecision.BREAK_GLASS,
            group=group,
            at=self.context.clock.now(),
        )
        said = replace(
            said,
            expires_at=said.issued_at + timedelta(hours=hours),
            waives=tuple(waives),
            justification=sha256(why.encode()) if why else "",
        )
        await record_approval(self.context, said.encode(), key.sign(said.encode()))

    def review(self, plan: Plan, name: str) -> None:
        self.say(plan, name, ApprovalDecision.REVIEW, group="")

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

    # What is on record

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
