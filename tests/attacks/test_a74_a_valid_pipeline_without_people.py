"""A74: a valid pipeline identity, no person, and 84 packages asked for in six minutes: none is published."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, cast

import pytest
from msgspec import Struct

from placet.bootstrap import Opened
from placet.core.lookup import list_runs
from placet.domain.package.publish_request import PublishRequest
from placet.errors import ApprovalsPendingError, DeniedError, PlacetError
from placet.facade.ledger import LedgerBook
from placet.facade.publishing import Publishing
from support.archives import manifest, package_json, tgz
from support.installation import CERTIFYING, GOVERNING, PUBLISHING, REQUESTER, TEAM
from support.world import World

ASKED, SECONDS, LIMIT = 84, 360, 20
SCREEN_ROWS = 24
LIMITS = f"limits = {{ per_subject_per_hour = 6, per_requester_per_hour = {LIMIT} }}\n"


class _Named(Struct, frozen=True):
    """What a façade reads of the settings where every request names its principal."""

    principal: str = ""


def opened(world: World) -> Opened:
    """Return the installation as the façade knows it; its evidence is never written."""
    parts = {"ledger": world.ledger, "config": _Named(), "evidence": None, "identities": None}
    return Opened(context=world.context, **cast("Any", parts))


def archive(number: int) -> bytes:
    return tgz(package_json(manifest(name=f"@acme/part-{number:02}")))


@pytest.fixture(scope="module")
def attacked() -> tuple[World, Counter[str], set[str]]:
    """Return the installation after the attack, how the requests ended, and whether each waits for approvals."""
    world = World(TEAM + PUBLISHING + LIMITS + CERTIFYING + LIMITS + GOVERNING)
    publishing, ended, sentences = Publishing(opened(world)), Counter[str](), set[str]()

    async def attack() -> None:
        for number in range(ASKED):
            request = PublishRequest(tgz=archive(number), requester=REQUESTER, to=("npm", "files"))
            try:
                await publishing.publish(request)
            except (ApprovalsPendingError, DeniedError) as refused:
                ended[refused.code] += 1
                sentences.add(refused.message)
            world.move(seconds=SECONDS / ASKED)

    asyncio.run(attack())
    return world, ended, sentences


Attacked = tuple[World, Counter[str], set[str]]


def test_the_first_wait_for_approvals_and_the_rest_is_stopped_by_the_limit(attacked: Attacked) -> None:
    _, ended, sentences = attacked

    assert ended == {"APPROVALS_MISSING": LIMIT, "RATE_LIMITED": ASKED - LIMIT}
    assert any(REQUESTER in each for each in sentences)


def test_nothing_is_sent_and_no_receipt_is_issued_for_anything_that_leaves(attacked: Attacked) -> None:
    world, _, _ = attacked

    assert (world.double.sent, world.double.effects) == ([], Counter())
    assert [each.body.type for each in world.entries("receipt.issued", "receipt.reserved", "package.registered")] == []
    assert world.authority.issued <= LIMIT


def test_every_refusal_is_on_record_with_who_asked(attacked: Attacked) -> None:
    world, _, _ = attacked
    denials = world.entries("authorization.denied")

    assert Counter(str(each["code"]) for each in world.denials()) == {"RATE_LIMITED": ASKED - LIMIT}
    assert {each.body.actor for each in denials} == {REQUESTER}


def test_the_newest_runs_show_it_in_one_screen(attacked: Attacked) -> None:
    world, _, _ = attacked
    listed = asyncio.run(Publishing(opened(world)).runs(limit=SCREEN_ROWS - 4))["runs"]

    assert isinstance(listed, list)
    rows = [cast("dict[str, str]", each) for each in listed]
    assert {each["requester"] for each in rows} == {REQUESTER}
    assert {each["state"] for each in rows} == {"abandoned"}
    states = Counter(each.state.value for each in world.run(list_runs(world.context, limit=1000)))
    assert states == {"planned": LIMIT, "abandoned": ASKED - LIMIT}


def test_the_newest_entries_of_the_ledger_show_it_in_one_screen(attacked: Attacked) -> None:
    world, _, _ = attacked
    shown = asyncio.run(LedgerBook(opened(world)).show(count=SCREEN_ROWS - 4))["entries"]

    assert isinstance(shown, list)
    entries = [cast("dict[str, Any]", each) for each in shown]
    assert {each["actor"] for each in entries} == {REQUESTER}
    assert {each["type"] for each in entries} == {"run.requested", "authorization.denied", "run.abandoned"}
    assert {each["data"]["code"] for each in entries if each["type"] == "authorization.denied"} == {"RATE_LIMITED"}


def test_an_hour_later_what_waits_is_still_waiting(attacked: Attacked) -> None:
    world, _, _ = attacked
    waiting = [each for each in world.run(list_runs(world.context, limit=1000)) if each.state.value == "planned"]

    world.move(hours=1)
    with pytest.raises(PlacetError, match="APPROVALS_MISSING"):
        asyncio.run(Publishing(opened(world)).resume(waiting[0].run_id))
    assert world.double.sent == []
