"""A24: a receipt is worth what its key is worth now, whenever it was issued."""

from __future__ import annotations

import pytest

from placet.core.entities.receipts import receipt_key_object, receipt_key_record_key
from placet.domain.authorization.facts import KeyState, ReceiptState
from placet.errors import ConfigurationError
from support.forging import receipt_in
from support.installation import KEY_ID
from support.world import World


@pytest.mark.parametrize(("state", "code"), [(KeyState.RETIRED, "KEY_RETIRED"), (KeyState.REVOKED, "KEY_REVOKED")])
@pytest.mark.parametrize("seconds", [0, 1, 3000])
def test_a_receipt_issued_before_its_key_went_is_refused(state: KeyState, code: str, seconds: int) -> None:
    world = World()
    plan, token = world.ready()
    world.move(seconds=seconds)
    world.set_key_state(state)

    with world.refusing(code) as refused:
        world.present(plan, token)

    assert refused.data["receipt_id"] == ""
    assert world.state(receipt_in(token).receipt_id) is ReceiptState.ISSUED


def test_a_key_that_only_verifies_lets_its_receipts_be_used() -> None:
    world = World()
    plan, token = world.ready()
    world.set_key_state(KeyState.VERIFY_ONLY)

    assert world.present(plan, token).state is ReceiptState.EXECUTED


@pytest.mark.parametrize("state", [KeyState.VERIFY_ONLY, KeyState.RETIRED, KeyState.REVOKED])
def test_only_an_active_key_mints(state: KeyState) -> None:
    world = World()
    plan = world.approved(world.plan())
    world.set_key_state(state)

    with pytest.raises(ConfigurationError) as caught:
        world.issue(plan)

    assert caught.value.code == "KEY_REVOKED"
    assert world.entries("receipt.issued") == []


def test_a_new_generation_mints_while_the_old_one_still_verifies() -> None:
    world = World()
    plan, old = world.ready()
    world.write(receipt_key_record_key("receipt-2"), receipt_key_object("receipt-2", KeyState.ACTIVE))
    world.set_key_state(KeyState.VERIFY_ONLY)
    secrets = {**world.context.receipt_secrets, "receipt-2": bytes(range(32))}
    world.rebuild(receipt_secrets=secrets, minting_key="receipt-2")
    other = world.approved(world.plan(subject="again"))
    fresh = world.issue(other)

    assert (receipt_in(old).key_id, receipt_in(fresh).key_id) == (KEY_ID, "receipt-2")
    assert world.present(plan, old).state is ReceiptState.EXECUTED


def test_a_key_revoked_between_decision_and_commit_is_revoked() -> None:
    world = World()
    plan, token = world.ready()
    world.meanwhile(lambda: world.set_key_state(KeyState.REVOKED))

    with world.refusing("KEY_REVOKED"):
        world.present(plan, token)
