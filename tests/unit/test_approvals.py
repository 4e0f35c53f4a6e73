from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from placet.domain.authorization.admission import check_admissible, groups_demanded, groups_open_to
from placet.domain.authorization.approval import (
    Approval,
    ApprovalDecision,
    ShownPlan,
    VerifiedApproval,
    parse_approval,
    verify_approval,
)
from placet.domain.authorization.circumstances import Circumstances
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Object, Value, decode, encode
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import Mode, OperationKind
from placet.errors import DeniedError, InvalidInputError
from support.governance import (
    NOW,
    OTHER_RUN,
    a_person,
    a_plan,
    a_policy,
    an_approval,
    an_operation,
    everybody,
    key_of,
    rule,
    says,
    shown,
)
from support.soft_keys import KINDS

PLAN = a_plan()
KEY = key_of("alice")
MOMENT = timedelta(milliseconds=1)


def verified(approval: Approval, plan: Plan = PLAN, **changed: Any) -> VerifiedApproval:
    """Return the approval, signed by its own alice and verified as it comes in now."""
    encoded = approval.encode()
    arguments: dict[str, Any] = {"about": shown(plan), "principal": a_person("alice"), "at": NOW}
    return verify_approval(encoded, changed.pop("signature", KEY.sign(encoded)), **{**arguments, **changed})


def refused(approval: Approval, plan: Plan = PLAN, **changed: Any) -> str:
    with pytest.raises(DeniedError) as caught:
        verified(approval, plan, **changed)
    assert caught.value.code == "APPROVAL_INVALID"
    return caught.value.message


def test_an_approval_has_exactly_these_members() -> None:
    members = decode(an_approval(PLAN, "alice", KEY.public).encode())

    assert members == {
        "v": 1,
        "typ": "approval",
        "issuer": PLAN.issuer,
        "run_id": PLAN.run_id,
        "plan_digest": PLAN.digest(),
        "shown_digest": shown(PLAN).shown_digest,
        "decision": "approve",
        "group": "maintainers",
        "approver": "person:alice",
        "key_id": KEY.public.key_id,
        "issued_at": "2026-03-04T05:06:07.890Z",
        "expires_at": "2026-03-05T05:06:07.890Z",
    }


@pytest.mark.parametrize("decision", list(ApprovalDecision))
def test_an_approval_reads_back_as_it_was_written(decision: ApprovalDecision) -> None:
    approval = an_approval(PLAN, "alice", KEY.public, decision=decision)

    assert parse_approval(approval.encode()) == approval


@pytest.mark.parametrize("name", sorted(decode(an_approval(PLAN, "alice", KEY.public).encode())))
@pytest.mark.parametrize("value", [None, "", 7, True, [], {}, "x" * 300, "\n"], ids=repr)
def test_no_member_may_be_missing_or_of_another_form(name: str, value: Value | None) -> None:
    members = decode(an_approval(PLAN, "alice", KEY.public).encode())
    changed: Object = {**members, name: value} if value is not None else {k: v for k, v in members.items() if k != name}

    with pytest.raises(InvalidInputError) as caught:
        parse_approval(_spelled(changed))

    assert caught.value.code == "APPROVAL_INVALID"


def _spelled(members: Object) -> bytes:
    try:
        return encode(members)
    except InvalidInputError:
        return encode({**members, **{k: v.strip() for k, v in members.items() if isinstance(v, str)}}) + b"\n"


@pytest.mark.parametrize(
    "changed",
    [
        {"decision": "Approve"},
        {"decision": "approved"},
        {"group": ""},
        {"group": "Maintainers"},
        {"approver": "alice"},
        {"approver": "person:*"},
        {"key_id": "SHA256:short"},
        {"mode": "prod"},
        {"expires_at": "2026-03-04T05:06:07.890Z"},
        {"expires_at": "2026-03-04T05:06:07.889Z"},
        {"issued_at": "2026-03-04T05:06:07Z"},
    ],
)
def test_members_outside_the_grammar_are_refused(changed: Object) -> None:
    members = decode(an_approval(PLAN, "alice", KEY.public).encode())

    with pytest.raises(InvalidInputError) as caught:
        parse_approval(encode({**members, **changed}))

    assert caught.value.code == "APPROVAL_INVALID"


@pytest.mark.parametrize("decision", [ApprovalDecision.DENY, ApprovalDecision.WITHDRAW])
def test_denying_and_withdrawing_need_no_group(decision: ApprovalDecision) -> None:
    assert verified(an_approval(PLAN, "alice", KEY.public, decision=decision, group="")).approval.group == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_of_each_key_type_verifies(kind: str) -> None:
    said = says(PLAN, "alice", kind=kind)

    assert said.approval.approver == "person:alice"
    assert said.assurance == (3 if kind.startswith("sk-") else 2)
    assert said.recorded_at == NOW


def test_the_digest_is_that_of_the_canonical_bytes_and_the_plans_mode() -> None:
    dry = a_plan(mode=Mode.DRY_RUN)
    for plan, mode in ((PLAN, "prod"), (dry, "dry_run")):
        said = says(plan, "alice")
        assert said.digest == sha256(f"placet/approval/v1/{mode}\0".encode() + said.approval.encode())


def test_a_verified_approval_cannot_be_built() -> None:
    approval = an_approval(PLAN, "alice", KEY.public)

    with pytest.raises(TypeError, match="verify_approval"):
        VerifiedApproval(
            approval=approval, digest=sha256(b""), assurance=3, recorded_at=NOW, counter=0, made_by=object()
        )


def test_an_approval_is_for_one_log_run_plan_and_text() -> None:
    assert "another log" in refused(an_approval(PLAN, "alice", KEY.public, issuer="elsewhere"))
    assert "another run" in refused(an_approval(PLAN, "alice", KEY.public, run_id=OTHER_RUN))
    assert "another plan" in refused(
        an_approval(PLAN, "alice", KEY.public, plan_digest=a_plan(nonce="f" * 32).digest())
    )
    assert "another text" in refused(an_approval(PLAN, "alice", KEY.public, shown_digest=sha256(b"")))
    assert "another text" in refused(
        an_approval(PLAN, "alice", KEY.public), about=ShownPlan(plan=PLAN, shown_digest=sha256(b"other"))
    )


def test_an_approval_of_a_dry_run_approves_nothing_else() -> None:
    dry = a_plan(mode=Mode.DRY_RUN)

    assert "another plan" in refused(an_approval(dry, "alice", KEY.public, shown_digest=shown(PLAN).shown_digest))


def test_an_approval_of_a_plan_that_changed_by_one_byte_is_for_another() -> None:
    changed = a_plan(an_operation(params={"access": "public", "dist_tag": "next"}))

    assert "another plan" in refused(an_approval(PLAN, "alice", KEY.public), changed, about=shown(changed))


def test_an_approval_holds_from_its_issue_until_the_instant_it_expires() -> None:
    approval = an_approval(PLAN, "alice", KEY.public)

    for at in (approval.expires_at - MOMENT, approval.issued_at - timedelta(seconds=5)):
        assert verified(approval, at=at).recorded_at == at
    assert "expired" in refused(approval, at=approval.expires_at)
    assert "not yet valid" in refused(approval, at=approval.issued_at - timedelta(seconds=5) - MOMENT)


def test_a_key_that_is_not_the_approvers_signs_nothing() -> None:
    approval = an_approval(PLAN, "alice", KEY.public)
    mallory = key_of("mallory")

    assert "another key" in refused(approval, signature=mallory.sign(approval.encode()))
    theirs = an_approval(PLAN, "alice", mallory.public)
    assert "not one that person:alice enrolled" in refused(theirs, signature=mallory.sign(theirs.encode()))
    assert "person:alice is not enrolled" in refused(approval, principal=None)
    assert "person:alice is not enrolled" in refused(approval, principal=a_person("bob", KEY))
    assert "disabled" in refused(approval, principal=a_person("alice", disabled_at=NOW))


def test_a_signature_over_other_bytes_does_not_hold() -> None:
    approval, other = an_approval(PLAN, "alice", KEY.public), an_approval(PLAN, "alice", KEY.public, group="security")

    assert "does not hold" in refused(approval, signature=KEY.sign(other.encode()))
    assert "does not hold" in refused(approval, signature=KEY.sign(approval.encode() + b"\n"))


@pytest.mark.parametrize("signature", [b"", b"SSHSIG", b"\0" * 10_000])
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    assert refused(an_approval(PLAN, "alice", KEY.public), signature=signature)


def admit(said: VerifiedApproval, plan: Plan = PLAN, **changed: Any) -> None:
    policy = a_policy(
        rule(approvals='[{ group = "maintainers", count = 1, assurance = 3 }]'),
        rule(operations='["put_object"]'),
    )
    members: dict[str, Any] = {"approvals": (), "principals": everybody(), "denials": (), "now": NOW}
    check_admissible(policy, plan, said, Circumstances(**{**members, **changed}))


def test_an_approval_is_admitted_that_counts_for_some_operation_of_the_plan() -> None:
    put = an_operation(2, operation_kind=OperationKind.PUT_OBJECT)
    both = a_plan(an_operation(), put)

    admit(says(both, "alice"), both)
    with pytest.raises(DeniedError) as caught:
        admit(says(PLAN, "alice"))
    assert caught.value.code == "APPROVAL_ASSURANCE_LOW"


def test_an_approval_that_expired_meanwhile_is_not_admitted() -> None:
    with pytest.raises(DeniedError) as caught:
        admit(says(PLAN, "alice"), now=NOW + timedelta(days=2))

    assert caught.value.code == "APPROVALS_MISSING"


def test_a_deny_of_any_approver_is_admitted_also_of_who_asked() -> None:
    own = a_plan(requester="person:alice")

    admit(says(PLAN, "erin", "", decision=ApprovalDecision.DENY))
    admit(says(own, "alice", "", decision=ApprovalDecision.DENY), own)


def test_a_withdraw_is_admitted_from_anybody_because_it_takes_back_only_ones_own() -> None:
    admit(says(PLAN, "mallory", "", decision=ApprovalDecision.WITHDRAW))


def test_people_are_told_for_which_groups_they_may_speak() -> None:
    policy = a_policy(
        rule(
            approvals='[{ group = "maintainers", count = 1, assurance = 2 }, '
            '{ group = "security", count = 1, assurance = 2 }]'
        )
    )

    assert groups_open_to(policy, PLAN, "person:alice") == ("maintainers", "security")
    assert groups_open_to(policy, PLAN, "person:bob") == ("maintainers",)
    assert groups_open_to(policy, PLAN, "person:mallory") == ()
    assert groups_demanded(policy, PLAN) == ("maintainers", "security")
    assert groups_open_to(a_policy(rule(subjects='["npm:x"]')), PLAN, "person:alice") == ()
