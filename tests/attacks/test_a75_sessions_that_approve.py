"""A75, A79, A94: what a session is not enough for, whoever has it: its person's own plan, another's role, and alone."""

from __future__ import annotations

import asyncio

import pytest

from placet.core.caller import Caller
from placet.core.context import Settings
from placet.core.entities.governance import POLICY_IN_FORCE, read_policy_in_force
from placet.core.entities.stored import required
from placet.core.execute import execute_plan
from placet.core.governed import ask
from placet.core.issuers import all_issuers
from placet.core.runs import Intent, stored_plan
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.ballot import fill_in
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.phrase import phrase
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.render import shown_digest
from placet.domain.encoding.canonical import Object
from placet.domain.values.kinds import OperationKind
from placet.errors import ApprovalsPendingError, PlacetError
from placet.usecases.approve_in_session import Said, approve_in_session
from placet.usecases.approve_plan import record_approval, show_ballot
from support.forging import receipt_in
from support.governance import key_of
from support.identity import ISSUER, POLICY, TERMS, TRUSTING, Signing
from support.installation import CERTIFYING, PUBLISHING, REQUESTER, TEAM
from support.intents import a_publication

COMMIT = "c0ffee" + "0" * 34
TWO = POLICY.replace("count = 1", "count = 2")
NOBODY_APPROVES = TEAM + PUBLISHING + CERTIFYING + TRUSTING
GOVERNED = TRUSTING.replace("approvals = []", 'approvals = [{ group = "maintainers", count = 1, assurance = 2 }]')


def test_who_asked_in_a_session_or_otherwise_does_not_approve_it_in_one() -> None:
    world = Signing()
    caller = world.known("bob")
    world.asks(caller)
    plan = world.plan(requester="person:bob")

    for stolen in (caller, world.known("bob")):
        with world.refusing("APPROVER_INELIGIBLE"):
            world.saying_in(stolen, plan)
    with world.refusing("APPROVALS_MISSING"):
        world.issue(plan)


def test_the_owner_of_an_agent_that_asked_does_not_approve_it_in_a_session() -> None:
    world = Signing()
    world.enrol("agent:helper", on_behalf_of="person:bob")
    plan, caller = world.plan(requester="agent:helper"), world.known("bob")

    with world.refusing("APPROVER_INELIGIBLE"):
        world.saying_in(caller, plan)


def test_what_an_agent_asks_is_approved_in_no_session() -> None:
    world = Signing()
    world.enrol("agent:helper", on_behalf_of="person:alice")
    plan, caller = world.plan(requester="agent:helper"), world.known("bob")

    with world.refusing("APPROVAL_ASSURANCE_LOW"):
        world.saying_in(caller, plan)


def test_who_pushed_it_does_not_approve_it_in_a_session() -> None:
    world = Signing()
    world.rebuild(settings=Settings(account_kinds=frozenset({"npm"})))
    world.double.facts |= {f"pusher:{COMMIT}": "1001", f"merger:{COMMIT}": "none"}
    world.act(OperationKind.ENROL_PRINCIPAL, "person:bob", public_keys=[], on_behalf_of="", accounts=["npm:1001"])
    params = {"dist_tag": "latest", "access": "public", "commit_sha": COMMIT}
    plan, caller = world.plan(a_publication(params=params)), world.known("bob")

    with world.refusing("APPROVER_INELIGIBLE"):
        world.saying_in(caller, plan)
    assert world.saying_in(world.known("carol"), plan).approver == "person:carol"


def test_somebody_of_no_group_does_not_approve() -> None:
    world = Signing()
    world.enrol("person:zoe")
    world.identify("person:zoe", "zoe")
    plan, caller = world.plan(), world.known("zoe")

    for group in ("maintainers", "security"):
        with world.refusing("APPROVER_INELIGIBLE"):
            world.saying_in(caller, plan, group=group)
    with world.refusing("APPROVER_INELIGIBLE"):
        world.saying_in(caller, plan, decision=ApprovalDecision.DENY, group="", phrase="")


def test_one_person_counts_once_in_however_many_sessions_and_signatures() -> None:
    world = Signing(TWO)
    plan = world.plan()
    for _ in range(3):
        world.saying_in(world.known("bob"), plan)
        world.move(seconds=1)
    world.approved(plan, "bob")

    with world.refusing("APPROVER_INELIGIBLE"):
        world.issue(plan)

    world.saying_in(world.known("carol"), plan)
    assert receipt_in(world.issue(plan)).approvers == ("person:bob", "person:carol")


def test_approvals_that_come_in_at_once_are_all_recorded_and_each_person_counts_once() -> None:
    world = Signing(TWO)
    plan, callers = world.plan(), [world.known("bob"), world.known("bob"), world.known("carol")]
    codes: list[object] = []

    async def at_once() -> None:
        ballot = await show_ballot(world.context, plan.run_id, "person:bob")
        said = Said(
            run_id=plan.run_id,
            plan_digest=plan.digest(),
            shown_digest=shown_digest(ballot.text),
            decision=ApprovalDecision.APPROVE,
            group="maintainers",
            phrase=phrase(plan.digest()),
        )
        done = await asyncio.gather(
            *(approve_in_session(world.context, each, said) for each in callers), return_exceptions=True
        )
        codes.extend(each.code for each in done if isinstance(each, PlacetError))

    world.run(at_once())

    assert codes == ["CONFLICT"]  # what bob said twice at one instant is one thing
    assert receipt_in(world.issue(plan)).approvers == ("person:bob", "person:carol")


@pytest.mark.parametrize("principal_id", ["person:bob", REQUESTER])
def test_a_key_approves_nothing_whatever_its_scopes(principal_id: str) -> None:
    world = Signing()
    plan = world.plan()
    caller = Caller(principal_id=principal_id, credential_id="key_0123456789ab", scopes=())

    with world.refusing("APPROVER_INELIGIBLE") as refused:
        world.saying_in(caller, plan)

    assert refused.actor == principal_id


def test_an_approval_that_claims_a_session_is_not_taken_from_outside() -> None:
    world = Signing()
    plan = world.plan()
    bob = world.principal("person:bob")
    assert bob.identity is not None

    async def forged(signature: bytes) -> None:
        ballot = await show_ballot(world.context, plan.run_id, "person:bob")
        said = fill_in(
            ballot,
            approver="person:bob",
            key_id=bob.identity.key_id if bob.identity else "",
            decision=ApprovalDecision.APPROVE,
            group="maintainers",
            at=world.context.clock.now(),
        )
        await record_approval(world.context, said.encode(), signature)

    for signature in (b"", b"x", key_of("bob").sign(b"anything"), key_of("mallory").sign(b"anything")):
        with world.refusing("APPROVAL_INVALID"):
            world.run(forged(signature))


# A94: a session alone, in a team that wrote zero approvals, and in one that wants signatures


def acts(world: Signing) -> dict[str, Intent]:
    """Return every act that would change who may say yes."""
    mallory: Object = {"issuer": ISSUER, "subject": "mallory"}

    def about(kind: OperationKind, name: str, /, **params: object) -> Intent:
        subject = Subject(provider="core", name=name, version="", tag="")
        return Intent(kind=kind, subject=subject, params=dict(params))  # type: ignore[arg-type]  # members of a plan

    lift = world.freeze().freeze_id
    return {
        "a policy": about(OperationKind.ACTIVATE_POLICY, "policy", policy_digest="sha256:" + "0" * 64, members=[]),
        "a second person": about(
            OperationKind.ENROL_PRINCIPAL, "person:mallory", public_keys=[], on_behalf_of="", identity=mallory
        ),
        "another's identity": about(
            OperationKind.CHANGE_APPROVER_KEY, "person:carol", add=[], remove=[], identity=mallory
        ),
        "another approver": about(OperationKind.CHANGE_ROLE, "person:carol", state="disabled", on_behalf_of=""),
        "an issuer of one's own": about(
            OperationKind.CHANGE_TRUST, "https://evil.example.net", state="trusted", **TERMS.to_object()
        ),
        "the issuer": about(OperationKind.CHANGE_TRUST, ISSUER, state="removed"),
        "a provider": about(OperationKind.CHANGE_EXECUTOR, "npm", kind="npm", url="http://127.0.0.1:9", credential=""),
        "a freeze": about(OperationKind.LIFT_FREEZE, lift),
        "a key": about(
            OperationKind.CREATE_KEY, "person:bob", key_id="0123456789ab", name="k", scopes=["*=*"],
            digest="sha256:" + "0" * 64, expires_at="2027-01-01T00:00:00.000Z", rotates="",
        ),
    }  # fmt: skip


ACTS = (
    "a policy", "a second person", "another's identity", "another approver", "an issuer of one's own", "the issuer",
    "a provider", "a freeze", "a key",
)  # fmt: skip


def asked(world: Signing, intent: Intent) -> PlacetError:
    with pytest.raises(PlacetError) as caught:
        world.run(ask(world.context, intent, requester="person:bob", contents={}))
    return caught.value


@pytest.mark.parametrize("act", ACTS)
def test_a_session_alone_changes_nothing_though_the_policy_wants_no_approval(act: str) -> None:
    world = Signing(NOBODY_APPROVES)
    intent = acts(world)[act]
    world.asks(world.known("bob"))

    refused = asked(world, intent)

    assert (refused.code, [each["code"] for each in world.denials()]) == ("APPROVALS_MISSING", ["APPROVALS_MISSING"])
    assert policy_version(world) == "v1"


@pytest.mark.parametrize("act", ACTS)
def test_no_session_is_enough_for_what_wants_signatures(act: str) -> None:
    world = Signing(NOBODY_APPROVES)
    intent = acts(world)[act]
    world.activate(TEAM + PUBLISHING + GOVERNED)
    bob, carol = world.known("bob"), world.known("carol")
    world.asks(bob)
    plan = waiting(world, intent)

    with world.refusing("APPROVER_INELIGIBLE"):
        world.saying_in(bob, plan)
    with world.refusing("APPROVAL_ASSURANCE_LOW"):
        world.saying_in(carol, plan)
    with world.refusing("APPROVALS_MISSING"):
        world.run(execute_plan(world.context, plan, actor="person:bob"))


def test_only_a_policy_that_says_assurance_one_takes_a_session_for_a_governed_act_and_then_another_s() -> None:
    world = Signing(NOBODY_APPROVES)
    world.activate(TEAM + PUBLISHING + GOVERNED.replace("assurance = 2", "assurance = 1"))
    world.asks(world.known("bob"))
    plan = waiting(world, acts(world)["the issuer"])
    carol = world.known("carol")

    world.saying_in(carol, plan)
    world.run(execute_plan(world.context, plan, actor="person:bob"))

    assert [each.trusted for each in world.run(all_issuers(world.context))] == [False]


def waiting(world: Signing, intent: Intent) -> Plan:
    """Ask for an act that waits for approvals, and return its plan."""
    pending = asked(world, intent)
    assert isinstance(pending, ApprovalsPendingError)
    return world.run(stored_plan(world.context, pending.run_id, 1))


def policy_version(world: Signing) -> str:
    return read_policy_in_force(required(world.load(POLICY_IN_FORCE), POLICY_IN_FORCE, "policy")).version
