"""A106: what ends a session between a decision and its commit stops what was asked, and what was approved, in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from placet.core.caller import Caller
from placet.core.entities.governance import principal_key, principal_object
from placet.core.entities.stored import required
from placet.core.entities.trust import issuer_key, issuer_object, stored_issuer
from placet.domain.authorization.facts import ReceiptState
from support.identity import ISSUER, Signing


def revoked(world: Signing, caller: Caller) -> None:
    session = world.session(caller.credential_id)
    world.write(session.key, session.revoked(world.clock.now()).to_object())


def identity_gone(world: Signing, _: Caller) -> None:
    person = world.principal("person:bob").without_identity(world.clock.now())
    world.write(principal_key("person:bob"), principal_object(person))


def issuer_gone(world: Signing, _: Caller) -> None:
    issuer = stored_issuer(required(world.load(issuer_key(ISSUER)), issuer_key(ISSUER), "issuer"))
    world.write(issuer_key(ISSUER), issuer_object(issuer.distrusted_from(world.clock.now())))


def signed_out(world: Signing, caller: Caller) -> None:
    session = world.session(caller.credential_id)
    world.write(session.key, session.ended(world.clock.now()).to_object())


ENDS: dict[str, Callable[[Signing, Caller], None]] = {
    "revoked": revoked,
    "disabled": lambda world, _: world.disable("person:bob"),
    "identity gone": identity_gone,
    "issuer gone": issuer_gone,
}


@pytest.mark.parametrize("end", ENDS)
def test_what_was_asked_in_it_goes_no_further(end: str) -> None:
    world = Signing()
    bob = world.known("bob")
    world.asks(bob)
    plan, token = world.ready(requester="person:bob")
    world.move(seconds=1)
    world.meanwhile(lambda: ENDS[end](world, bob))

    with world.refusing("STALE_REQUESTER"):
        world.present(plan, token)


@pytest.mark.parametrize("end", ENDS)
def test_what_was_approved_in_it_counts_no_more(end: str) -> None:
    world = Signing()
    plan, bob = world.plan(), world.known("bob")
    world.saying_in(bob, plan)
    token = world.issue(plan)
    world.move(seconds=1)
    world.meanwhile(lambda: ENDS[end](world, bob))

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_who_signs_out_meanwhile_asked_and_approved_in_order() -> None:
    world = Signing()
    bob, carol = world.known("bob"), world.known("carol")
    world.asks(bob)
    plan = world.plan(requester="person:bob")
    world.saying_in(carol, plan)
    token = world.issue(plan)

    def both() -> None:
        signed_out(world, bob)
        signed_out(world, carol)

    world.meanwhile(both)

    assert world.present(plan, token).state is ReceiptState.EXECUTED
