"""What somebody says about a plan is signed alike wherever their key is, and recorded only as one decision."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from placet.core.signing import JUSTIFICATION_LIMIT_BYTES, Pen, sign_for_groups
from placet.domain.authorization.approval import Approval, ApprovalDecision, parse_approval
from placet.domain.authorization.ballot import MOST_GROUPS, Ballot, fill_in, groups_spoken_for, one_decision
from placet.domain.authorization.render import shown_digest
from placet.domain.encoding.ssh_public_key import SshPublicKey
from placet.domain.values.digest import sha256
from placet.errors import InvalidInputError
from placet.usecases.approve_plan import record_approval
from support.governance import NOW, OTHER_RUN, a_plan, key_of
from support.soft_keys import SoftKey
from support.world import World

KEY = Path("/in/memory")
GROUPS = ("maintainers", "security")


class Holder(Struct):
    """An `ApprovalSigner` that holds one key in memory."""

    held: SoftKey

    async def public_key(self, key_path: Path) -> SshPublicKey:
        assert key_path == KEY
        return self.held.public

    async def sign(self, content: bytes, key_path: Path) -> bytes:
        assert key_path == KEY
        return self.held.sign(content)


def ballot(**changed: object) -> Ballot:
    shown = Ballot(plan=a_plan(), policy_version="v1.0", demanded=GROUPS, groups=GROUPS, breaks_glass="security")
    return replace(shown, **changed)


def pen() -> Pen:
    return Pen(approver="person:alice", key=KEY, signer=Holder(key_of("alice")), at=NOW)


def approvals(world: World, decision: str, shown: Ballot, group: str = "") -> list[Approval]:
    signed = world.run(sign_for_groups(pen(), shown, decision, group))
    return [parse_approval(each.encoded) for each in signed]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_what_is_signed_is_the_plan_and_the_text_of_the_ballot(world: World) -> None:
    shown = ballot()

    first, second = approvals(world, "approve", shown)

    assert (first.plan_digest, first.run_id, first.issuer) == (shown.plan.digest(), shown.run_id, shown.plan.issuer)
    assert first.shown_digest == shown_digest(shown.text)
    assert (first.group, second.group) == GROUPS


def test_a_recorded_approval_is_signed_by_a_pen_as_by_any_other_hand() -> None:
    world = World()
    plan = world.plan()
    shown = ballot(plan=plan, policy_version="v1", groups=("maintainers",))
    signer = replace(pen(), at=world.context.clock.now())

    (signed,) = world.run(sign_for_groups(signer, shown, "approve", ""))

    assert world.run(record_approval(world.context, signed.encoded, signed.signature)).approver == "person:alice"


@pytest.mark.parametrize(
    ("decision", "group", "mine", "spoken_for"),
    [
        ("approve", "", GROUPS, GROUPS),
        ("approve", "security", GROUPS, ("security",)),
        ("approve", "", (), ("maintainers",)),
        ("deny", "", GROUPS, ("maintainers",)),
        ("withdraw", "", (), ("",)),
    ],
)
def test_for_whom_somebody_speaks(decision: str, group: str, mine: Sequence[str], spoken_for: tuple[str, ...]) -> None:
    shown = ballot(groups=tuple(mine))

    assert groups_spoken_for(shown, ApprovalDecision(decision), group) == spoken_for


def test_who_approves_where_nobody_has_to_speaks_for_no_group() -> None:
    assert groups_spoken_for(ballot(groups=(), demanded=()), ApprovalDecision.APPROVE, "") == ("",)


def test_an_exception_names_what_it_waives_once_and_the_digest_of_its_reason(world: World) -> None:
    signed = world.run(pen().sign_exception(ballot(), ["freeze", "approvals", "freeze"], b"the registry leaks"))

    approval = parse_approval(signed.encoded)
    assert (approval.waives, approval.group) == (("approvals", "freeze"), "security")
    assert approval.justification == sha256(b"the registry leaks")


@pytest.mark.parametrize("justification", [b"", b" \n", b"x" * (JUSTIFICATION_LIMIT_BYTES + 1)])
def test_an_exception_needs_a_reason_that_can_be_read(world: World, justification: bytes) -> None:
    with pytest.raises(InvalidInputError, match="BREAK_GLASS_INVALID"):
        world.run(pen().sign_exception(ballot(), ["freeze"], justification))


def test_where_nobody_may_break_the_glass_nothing_is_signed(world: World) -> None:
    with pytest.raises(InvalidInputError, match="lets nobody break the glass"):
        world.run(pen().sign_exception(ballot(breaks_glass=""), ["freeze"], b"why"))


def an_approval(**changed: object) -> Approval:
    said = fill_in(
        ballot(),
        approver="person:alice",
        key_id=key_of("alice").public.key_id,
        decision=ApprovalDecision.APPROVE,
        group="maintainers",
        at=NOW,
    )
    return replace(said, **changed)


def test_one_decision_is_said_once_for_each_group() -> None:
    first, second = an_approval(), an_approval(group="security")

    assert one_decision(first.run_id, [first, second]) == first


@pytest.mark.parametrize(
    "said",
    [
        [],
        [an_approval(), an_approval()],
        [an_approval(), an_approval(group="security", decision=ApprovalDecision.DENY)],
        [an_approval(), an_approval(group="security", approver="person:bob")],
        [an_approval(group=f"group-{number}") for number in range(MOST_GROUPS + 1)],
        [an_approval(run_id=OTHER_RUN)],
        [an_approval(decision=ApprovalDecision.REVIEW)],
        [an_approval(decision=ApprovalDecision.BREAK_GLASS)],
    ],
    ids="none twice mixed two-people many another-run review exception".split(),
)
def test_what_does_not_belong_together_is_not_recorded(said: list[Approval]) -> None:
    with pytest.raises(InvalidInputError, match="APPROVAL_INVALID"):
        one_decision(ballot().run_id, said)
