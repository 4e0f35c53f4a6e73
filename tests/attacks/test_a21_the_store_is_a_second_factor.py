"""A21: who took the secret can sign receipts, but none that was ever issued: the store knows them all."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from placet.domain.authorization.facts import ReceiptState
from support.forging import forged, payload_of, receipt_in, sealed
from support.world import World

OTHER_ID = "fc-receipt-20260304-050607-ffffffffffff"


def test_a_receipt_that_was_never_issued_is_unknown_and_raises_an_alert() -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("RECEIPT_UNKNOWN", alert=True) as refused:
        world.present(plan, forged(world, token, receipt_id=OTHER_ID))

    assert refused.data["receipt_id"] == OTHER_ID
    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_a_receipt_forged_for_a_plan_that_nobody_approved_is_unknown() -> None:
    world = World()
    _, token = world.ready()
    unapproved = world.plan()
    told = forged(
        world,
        token,
        receipt_id=OTHER_ID,
        run_id=unapproved.run_id,
        operation_id=unapproved.operations[0].operation_id,
        plan_digest=unapproved.digest(),
    )

    with world.refusing("RECEIPT_UNKNOWN", alert=True):
        world.present(unapproved, told)


def test_a_receipt_forged_after_the_real_one_was_spent_is_unknown() -> None:
    world = World()
    plan, token = world.ready()
    world.present(plan, token)

    with world.refusing("RECEIPT_UNKNOWN", alert=True):
        world.present(plan, forged(world, token, receipt_id=OTHER_ID, attempt=2))


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "0" * 32},
        {"attempt": 2},
        {"decided_at_size": 1},
        {"policy_version": "v2"},
        {"approvers": ["person:mallory"]},
        {"expires_at": "2026-03-05T05:06:07.890Z"},
        {"max_age_seconds": 86_399},
        {"reasons": ["none"]},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_changed_receipt_under_the_id_of_an_issued_one_is_not_the_one_that_was_issued(
    changed: dict[str, Any],
) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("RECEIPT_PAYLOAD_MISMATCH", alert=True):
        world.present(plan, forged(world, token, **changed))

    assert world.state(receipt_in(token).receipt_id) is ReceiptState.ISSUED


def test_a_plan_that_is_not_stored_is_none() -> None:
    world = World()
    plan, token = world.ready()
    told = forged(world, token, receipt_id=OTHER_ID, plan_digest="sha256:" + "0" * 64)

    with world.refusing("PLAN_MISMATCH", alert=True):
        world.present(plan, told)


def test_a_plan_of_a_run_that_never_was_is_none() -> None:
    world = World()
    plan, token = world.ready()
    run_id = "run_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    operation = replace(plan.operations[0], operation_id=f"{run_id}/1/1")
    told = forged(world, token, receipt_id=OTHER_ID, run_id=run_id, operation_id=operation.operation_id)

    with world.refusing("PLAN_MISMATCH", alert=True):
        world.present(plan, told, run_id=run_id, operation=operation)


def test_another_log_s_receipt_is_refused_though_the_secret_is_the_same() -> None:
    world = World()
    plan, token = world.ready()

    for issuer in ("staging.example.com/acme/00112233445566778899aabbccddeeff", "x", world.context.issuer + "0"):
        with world.refusing("ISSUER_MISMATCH"):
            world.present(plan, forged(world, token, issuer=issuer))


def test_the_same_home_under_another_origin_believes_nothing_of_the_old_one() -> None:
    world = World()
    plan, token = world.ready()
    world.rebuild(issuer="recovered.example.com/acme/ffeeddccbbaa99887766554433221100")

    with world.refusing("ISSUER_MISMATCH"):
        world.present(plan, token)


def test_an_empty_secret_is_no_way_around_a_missing_one() -> None:
    world = World()
    plan, token = world.ready()
    world.rebuild(receipt_secrets={})

    with world.refusing("KEY_UNKNOWN"):
        world.present(plan, token)
    with world.refusing("KEY_UNKNOWN"):
        world.present(plan, sealed(world, payload_of(token), secret=b""))
