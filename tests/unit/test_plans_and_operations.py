"""Plans and operations: one spelling, strictly read, and digests that cover every byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from placet.domain.authorization.operation import Artifact, Precondition, Subject, read_operation, read_subject
from placet.domain.authorization.plan import parse_plan
from placet.domain.encoding.canonical import Object, decode, encode
from placet.domain.values.kinds import Mode, OperationKind
from placet.errors import InvalidInputError
from support.governance import OTHER_RUN, RUN, a_plan, an_operation

PLAN = a_plan(an_operation(1), an_operation(2))


def members() -> dict[str, Any]:
    return dict(decode(PLAN.encode(), limit=256 * 1024))


def code_of(changed: Object) -> str:
    with pytest.raises(InvalidInputError) as caught:
        parse_plan(encode(changed, limit=256 * 1024))
    return caught.value.code


def test_a_plan_reads_back_as_it_was_written() -> None:
    for plan in (
        PLAN,
        a_plan(mode=Mode.DRY_RUN),
        a_plan(an_operation(certificate_id="", artifacts=(), preconditions=())),
    ):
        assert parse_plan(plan.encode()) == plan


@pytest.mark.parametrize("name", sorted(members()))
def test_no_member_of_a_plan_may_be_missing(name: str) -> None:
    changed = members()
    del changed[name]

    assert code_of(changed) == "PLAN_INVALID"


@pytest.mark.parametrize(
    "changed",
    [
        {"more": ""},
        {"v": 2},
        {"typ": "approval"},
        {"issuer": ""},
        {"issuer": "with space"},
        {"run_id": "run_x"},
        {"run_id": OTHER_RUN},
        {"created_at": "2026-03-04"},
        {"nonce": "0" * 31},
        {"nonce": "G" * 32},
        {"mode": "Prod"},
        {"requester": "alice"},
        {"requester": "person:"},
        {"requester": "person:a b"},
        {"policy_digest": "sha256:0"},
        {"operations": []},
        {"operations": {}},
        {"operations": [1]},
    ],
    ids=str,
)
def test_a_plan_is_read_strictly(changed: dict[str, Any]) -> None:
    assert code_of({**members(), **changed}) == "PLAN_INVALID"


@pytest.mark.parametrize(
    "steps",
    [
        ["2/2"],
        ["2/2", "2/1"],
        ["2/1", "2/1"],
        ["2/1", "2/3"],
        ["2/1", "3/2"],
        ["1/1", "2/2"],
    ],
    ids=str,
)
def test_the_operations_are_the_steps_of_one_plan_in_order(steps: list[str]) -> None:
    operations = [an_operation(operation_id=f"{RUN}/{step}").to_object() for step in steps]

    assert code_of({**members(), "operations": list(operations)}) == "PLAN_INVALID"


def test_an_operation_of_another_run_is_none_of_the_plan_s() -> None:
    operations = [an_operation(operation_id=f"{OTHER_RUN}/2/1").to_object()]

    assert code_of({**members(), "operations": list(operations)}) == "PLAN_INVALID"


def test_an_operation_is_found_by_its_id_alone() -> None:
    assert PLAN.operation(f"{RUN}/2/2") == PLAN.operations[1]
    assert PLAN.operation(f"{RUN}/2/3") is None
    assert PLAN.operation(f"{RUN}/2/2 ") is None


OPERATION = an_operation()
CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "missing kind": lambda value: value.pop("operation_kind"),
    "unknown kind": lambda value: value.update(operation_kind="delete_everything"),
    "more": lambda value: value.update(more=1),
    "id without step": lambda value: value.update(operation_id=f"{RUN}/2"),
    "id with zero": lambda value: value.update(operation_id=f"{RUN}/0/1"),
    "id with five digits": lambda value: value.update(operation_id=f"{RUN}/2/10000"),
    "subject with more": lambda value: value["subject"].update(more=""),
    "subject without tag": lambda value: value["subject"].pop("tag"),
    "subject with a space": lambda value: value["subject"].update(name="a b"),
    "subject without a name": lambda value: value["subject"].update(name=""),
    "provider in capitals": lambda value: value["subject"].update(provider="NPM"),
    "params of another kind": lambda value: value.update(params=[]),
    "artifact with more": lambda value: value["artifacts"][0].update(more=1),
    "artifact without a name": lambda value: value["artifacts"][0].update(name=""),
    "artifact in capitals": lambda value: value["artifacts"][0].update(sha256="A1" * 32),
    "artifact too short": lambda value: value["artifacts"][0].update(sha512="b2" * 63),
    "artifact of no size": lambda value: value["artifacts"][0].update(size="1"),
    "precondition with more": lambda value: value["preconditions"][0].update(more=1),
    "precondition without fact": lambda value: value["preconditions"][0].update(fact=""),
    "precondition in capitals": lambda value: value["preconditions"][0].update(fact="Version"),
    "precondition with nothing expected": lambda value: value["preconditions"][0].update(expected=""),
}


def object_of() -> dict[str, Any]:
    return dict(decode(encode(OPERATION.to_object())))


@pytest.mark.parametrize("change", CHANGES)
def test_an_operation_is_read_strictly(change: str) -> None:
    value = object_of()
    CHANGES[change](value)

    with pytest.raises(InvalidInputError) as caught:
        read_operation(value)

    assert caught.value.code == "PLAN_INVALID"


def test_an_operation_reads_back_as_it_was_written() -> None:
    tagged = replace(OPERATION, preconditions=(Precondition(fact="dist_tag:next", expected="1.0.0-rc.1"),))

    for operation in (OPERATION, tagged):
        assert read_operation(decode(encode(operation.to_object()))) == operation


def test_a_subject_is_refused_with_the_code_of_what_it_is_in() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_subject({}, code="RECEIPT_MALFORMED")

    assert caught.value.code == "RECEIPT_MALFORMED"


def test_a_subject_is_shown_to_people_and_matched_by_policies() -> None:
    subject = Subject(provider="npm", name="@acme/tool", version="1.0.0", tag="latest")

    assert (str(subject), subject.pattern_text) == ("npm:@acme/tool@1.0.0", "npm:@acme/tool")
    assert str(replace(subject, version="")) == "npm:@acme/tool"


DIFFERENT: list[dict[str, Any]] = [
    {"operation_kind": OperationKind.PUT_OBJECT},
    {"subject": replace(OPERATION.subject, provider="mirror")},
    {"subject": replace(OPERATION.subject, name="@acme/other")},
    {"subject": replace(OPERATION.subject, version="1.0.1")},
    {"subject": replace(OPERATION.subject, tag="next")},
    {"params": {"access": "public", "dist_tag": "next"}},
    {"params": {}},
    {"artifacts": ()},
    {"artifacts": (replace(OPERATION.artifacts[0], size=1),)},
    {"artifacts": (*OPERATION.artifacts, Artifact(name="b", sha256="0" * 64, sha512="0" * 128, size=0))},
    {"preconditions": ()},
    {"preconditions": (Precondition(fact="version", expected="1.0.0"),)},
]


@pytest.mark.parametrize("changed", DIFFERENT, ids=lambda changed: next(iter(changed)))
def test_the_digest_of_an_operation_covers_everything_about_its_effect(changed: dict[str, Any]) -> None:
    assert replace(OPERATION, **changed).digest(Mode.PROD) != OPERATION.digest(Mode.PROD)


def test_the_digest_of_an_operation_is_the_same_for_the_same_effect_in_another_run_but_not_in_another_mode() -> None:
    again = replace(OPERATION, operation_id=f"{OTHER_RUN}/1/1", certificate_id="")

    assert again.digest(Mode.PROD) == OPERATION.digest(Mode.PROD)
    assert OPERATION.digest(Mode.DRY_RUN) != OPERATION.digest(Mode.PROD)


def test_the_digest_of_a_plan_covers_every_member() -> None:
    others = [
        replace(PLAN, issuer="x"),
        replace(PLAN, nonce="f" * 32),
        replace(PLAN, mode=Mode.DRY_RUN),
        replace(PLAN, requester="person:bob"),
        replace(PLAN, created_at=PLAN.created_at.replace(year=2027)),
        replace(PLAN, operations=PLAN.operations[:1]),
        replace(PLAN, operations=PLAN.operations[::-1]),
    ]

    assert len({plan.digest() for plan in [PLAN, *others]}) == len(others) + 1
