from __future__ import annotations

from datetime import timedelta

import pytest

from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.denial import Denial, denial_keys, read_denial, withdraw
from placet.domain.authorization.operation import Artifact, Subject
from placet.domain.encoding.canonical import Object, decode, encode
from placet.domain.encoding.record import Record
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError, InvalidInputError
from support.governance import NOW, RUN, a_plan, an_operation, says

PLAN = a_plan()
KEY = "denial/artifact/" + "a1" * 32
DENY = says(PLAN, "carol", "", decision=ApprovalDecision.DENY)
WITHDRAW = says(PLAN, "carol", "", decision=ApprovalDecision.WITHDRAW, at=NOW + timedelta(seconds=1))


def artifact(digit: str) -> Artifact:
    return Artifact(name="x", sha256=digit * 64, sha512=digit * 128, size=1)


def test_a_denial_binds_every_artifact() -> None:
    operation = an_operation(artifacts=(artifact("2"), artifact("1"), artifact("2")))

    assert denial_keys(operation) == ("denial/artifact/" + "1" * 64, "denial/artifact/" + "2" * 64)


def test_the_same_artifact_is_denied_whatever_is_done_with_it() -> None:
    other = an_operation(
        operation_kind=OperationKind.PUT_OBJECT,
        subject=Subject(provider="files", name="@acme/other", version="2.0.0", tag="x"),
        params={},
        preconditions=(),
    )

    assert denial_keys(other) == denial_keys(an_operation()) == (KEY,)


def test_without_artifacts_subject_and_params_are_bound() -> None:
    bare = an_operation(artifacts=())
    keys = {
        denial_keys(bare),
        denial_keys(an_operation(artifacts=(), params={"access": "restricted"})),
        denial_keys(
            an_operation(artifacts=(), subject=Subject(provider="npm", name="@acme/tool", version="1.0.1", tag=""))
        ),
    }

    assert len(keys) == 3
    assert denial_keys(an_operation(artifacts=(), preconditions=(), certificate_id="")) == denial_keys(bare)
    assert all(len(each) == 1 and each[0].startswith("denial/effect/") for each in keys)


def test_the_unstamped_archive_is_bound_too_because_a_new_stamp_makes_new_artifacts() -> None:
    assert denial_keys(an_operation(), "c3" * 32) == ("denial/archive/" + "c3" * 32, *denial_keys(an_operation()))


def test_a_denial_stands_until_its_denier_withdraws() -> None:
    denied = Denial(key=KEY).denied(DENY)

    assert [(each.approver, each.run_id, each.denied_at) for each in denied.deniers] == [("person:carol", RUN, NOW)]
    assert denied.deniers[0].approval_digest == DENY.digest
    assert denied.withdrawn(WITHDRAW) == Denial(key=KEY)


def test_denying_again_changes_nothing() -> None:
    denied = Denial(key=KEY).denied(DENY)

    assert (
        denied.denied(says(PLAN, "carol", "", decision=ApprovalDecision.DENY, at=NOW + timedelta(seconds=9))) == denied
    )


def test_each_denier_withdraws_for_themselves() -> None:
    both = Denial(key=KEY).denied(says(PLAN, "bob", "", decision=ApprovalDecision.DENY)).denied(DENY)

    assert [each.approver for each in both.withdrawn(WITHDRAW).deniers] == ["person:bob"]


def test_nobody_withdraws_for_another() -> None:
    denied = Denial(key=KEY).denied(DENY)

    with pytest.raises(DeniedError) as caught:
        denied.withdrawn(says(PLAN, "bob", "", decision=ApprovalDecision.WITHDRAW))

    assert caught.value.code == "APPROVER_INELIGIBLE"


def test_withdrawing_takes_every_denial_of_ones_own_and_no_other() -> None:
    carols = Denial(key=KEY).denied(DENY)
    bobs = Denial(key=KEY.replace("a1", "b1")).denied(says(PLAN, "bob", "", decision=ApprovalDecision.DENY))
    nobodys = Denial(key=KEY.replace("a1", "c1"))

    assert withdraw([bobs, carols, nobodys], WITHDRAW) == (Denial(key=KEY),)
    with pytest.raises(DeniedError) as caught:
        withdraw([bobs, nobodys], WITHDRAW)
    assert caught.value.code == "APPROVER_INELIGIBLE"


def test_only_a_deny_denies_and_only_a_withdraw_withdraws() -> None:
    denied = Denial(key=KEY).denied(DENY)

    for wrong in (says(PLAN, "carol"), WITHDRAW):
        with pytest.raises(TypeError):
            denied.denied(wrong)
    for wrong in (says(PLAN, "carol"), DENY):
        with pytest.raises(TypeError):
            denied.withdrawn(wrong)


def test_a_denial_reads_back_as_it_was_written() -> None:
    for denial in (Denial(key=KEY), Denial(key=KEY).denied(DENY)):
        assert read(decode(encode(denial.to_object()))) == denial


@pytest.mark.parametrize("changed", [{"key": "denial/x"}, {"deniers": [{}]}, {"deniers": [1]}, {"more": 1}])
def test_a_stored_denial_is_read_strictly(changed: Object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read({**Denial(key=KEY).denied(DENY).to_object(), **changed})

    assert caught.value.code == "DENIAL_INVALID"


def test_a_stored_denier_is_read_strictly() -> None:
    denier = Denial(key=KEY).denied(DENY).deniers[0].to_object()

    with pytest.raises(InvalidInputError) as caught:
        read({"key": KEY, "deniers": [{**denier, "why": ""}]})

    assert caught.value.code == "DENIAL_INVALID"


def read(members: Object) -> Denial:
    return read_denial(Record(members, what="denial", code="DENIAL_INVALID"))
