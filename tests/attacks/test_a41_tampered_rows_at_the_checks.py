"""A41: rows that were edited behind the ledger's back make the checks refuse, on the record, never pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from placet.core.entities.certificates import certificate_key
from placet.core.entities.governance import POLICY_IN_FORCE, approval_key, approval_set_key, principal_key
from placet.core.entities.receipts import receipt_key, receipt_key_record_key, subject_key
from placet.core.entities.runs import plan_key, plan_key_of, run_key
from placet.domain.authorization.checks import CheckDeniedError
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.plan import Plan
from placet.domain.log.change import Entity, EntityKey
from support.forging import receipt_in
from support.installation import KEY_ID, REQUESTER
from support.intents import a_publication
from support.ledgers import InMemory
from support.world import World

GARBAGE = b'{"salt":"00112233445566778899aabbccddeeff","index":[],"junk":true}'
ROWS: dict[str, Callable[[Plan, str], EntityKey]] = {
    "receipt": lambda _, token: receipt_key(receipt_in(token).receipt_id),
    "plan": lambda plan, _: plan_key(plan.run_id, 1),
    "policy": lambda _plan, _token: POLICY_IN_FORCE,
    "approval": lambda plan, _: approval_key(plan_key_of(plan.operations[0].operation_id), 1),
    "set of approvals": lambda plan, _: approval_set_key(plan_key_of(plan.operations[0].operation_id)),
    "approver": lambda _plan, _token: principal_key("person:alice"),
    "requester": lambda _plan, _token: principal_key(REQUESTER),
    "run": lambda plan, _: run_key(plan.run_id),
    "subject": lambda plan, _: subject_key(plan.operations[0]),
}


def tamper(world: World, key: EntityKey, content: bytes) -> None:
    """Write a row as somebody with the database file could: no entry, no digest."""
    assert isinstance(world.home, InMemory)
    assert world.home.tables is not None
    standing = world.home.tables.entities.get(key)
    world.home.tables.entities[key] = Entity(revision=standing.revision if standing else 1, content=content)


@pytest.mark.parametrize("content", [GARBAGE, b"{}", b"\xff", b"null"], ids=["members", "empty", "bytes", "null"])
@pytest.mark.parametrize("row", ROWS)
def test_a_row_that_cannot_be_read_fails_the_check_that_needs_it(row: str, content: bytes) -> None:
    world = World()
    plan, token = world.ready()
    tamper(world, ROWS[row](plan, token), content)

    with world.refusing("CHECK_FAILED", check="3"):
        world.present(plan, token)


def test_a_receipt_key_s_record_that_cannot_be_read_fails_the_first_check() -> None:
    world = World()
    plan, token = world.ready()
    tamper(world, receipt_key_record_key(KEY_ID), GARBAGE)

    with world.refusing("CHECK_FAILED", check="0"):
        world.present(plan, token)


def test_a_certificate_that_cannot_be_read_fails_its_check() -> None:
    world = World()
    certificate_id = world.certificate()
    plan, token = world.ready(a_publication(certificate_id=certificate_id))
    tamper(world, certificate_key(certificate_id), GARBAGE)

    with world.refusing("CHECK_FAILED", check="3"):
        world.present(plan, token)


@pytest.mark.parametrize("row", ["approval", "set of approvals", "approver", "policy"])
def test_a_row_that_is_gone_is_a_reason_to_refuse(row: str) -> None:
    world = World()
    plan, token = world.ready()
    tamper(world, ROWS[row](plan, token), b"")

    with world.refusing("STALE_POLICY" if row == "policy" else "STALE_APPROVAL"):
        world.present(plan, token)


def test_the_row_of_a_spent_receipt_put_back_to_issued_does_not_let_it_be_spent_again() -> None:
    world = World()
    plan, token = world.ready()
    key = receipt_key(receipt_in(token).receipt_id)
    issued = world.load(key).entities[key].content
    world.present(plan, token)
    world.double.facts["version"] = "absent"
    tamper(world, key, issued)
    tamper(world, subject_key(plan.operations[0]), b"")

    with pytest.raises(CheckDeniedError) as caught:
        world.present(plan, token)

    assert (caught.value.code, caught.value.checks["6"]) == ("RECEIPT_CONSUMED", "fail")
    assert [each["alert"] for each in world.denials()] == [True]
    assert list(world.double.effects.values()) == [1]


def test_an_untouched_home_passes() -> None:
    world = World()
    plan, token = world.ready()

    assert world.present(plan, token).state is ReceiptState.EXECUTED
