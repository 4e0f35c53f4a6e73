"""A30: receipts are consumed while they are revoked and expire and the policy changes: one order explains it all."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.entities.governance import POLICY_IN_FORCE, PolicyInForce, kept_policy_key
from placet.core.execute import contents_of, present
from placet.core.mint import issue_receipt
from placet.domain.authorization.facts import ReceiptState, Request
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy_document import parse_policy
from placet.errors import DeniedError
from placet.usecases.revoke_receipt import revoke_receipt
from support.forging import receipt_in
from support.governance import NOW
from support.installation import ACTOR, CERTIFYING, GOVERNING, PUBLISHING, TEAM
from support.intents import an_object
from support.ledgers import InMemory, InSqlite, SetClock
from support.linearizable import OK, Event, State, is_linearizable
from support.world import World

pytestmark = pytest.mark.thorough

FREELY = PUBLISHING.replace('[{ group = "maintainers", count = 1, assurance = 2 }]', "[]")
POLICIES = {
    "allow": TEAM + FREELY + CERTIFYING + GOVERNING,
    "deny": TEAM.replace('"v1"', '"v2"') + CERTIFYING + GOVERNING,
}
VERBS = ("issue", "issue", "consume", "consume", "consume", "consume", "revoke", "policy", "clock")
HOUR = timedelta(hours=1)


class Clients:
    """Clients that ask whatever chance tells them of one operation, and write down what they were told."""

    def __init__(self, world: World, plan: Plan, seed: int) -> None:
        self.world, self.plan, self.chance = world, plan, random.Random(seed)  # noqa: S311 - chance for tests, given
        self.tick, self.tokens, self.history = itertools.count(), dict[str, str](), list[Event]()

    async def client(self, context: Context, asks: int) -> None:
        for _ in range(asks):
            await getattr(self, self.chance.choice(VERBS))(context)
            await asyncio.sleep(0)

    async def issue(self, context: Context) -> None:
        asked = self._ask()
        try:
            token = await issue_receipt(context, self.plan.operations[0].operation_id, actor=ACTOR)
        except DeniedError as error:
            self._tell(asked, "issue", error.code)
            return
        receipt = receipt_in(token)
        self._tell(asked, "issue", OK, of=receipt.receipt_id, end=receipt.expires_at)
        self.tokens[receipt.receipt_id] = token

    async def consume(self, context: Context) -> None:
        async def act(receipt_id: str) -> ReceiptState:
            operation = self.plan.operations[0]
            token = self.tokens[receipt_id]
            request = Request(mode="prod", run_id=self.plan.run_id, operation=operation, token=token)
            report = await present(context, request, await contents_of(context, operation), actor=ACTOR)
            return report.state

        await self._on_a_receipt("consume", act)

    async def revoke(self, context: Context) -> None:
        async def act(receipt_id: str) -> ReceiptState:
            return (await revoke_receipt(context, receipt_id, actor="person:alice")).state

        await self._on_a_receipt("revoke", act)

    async def policy(self, context: Context) -> None:
        word = self.chance.choice(("allow", "allow", "deny"))
        document = POLICIES[word].encode()
        parsed = parse_policy(document)
        in_force = PolicyInForce(
            document=document, digest=parsed.digest, version=parsed.version, activated_at=NOW
        ).to_object()
        writes = {POLICY_IN_FORCE: in_force, kept_policy_key(parsed.digest): in_force}
        made = Decision(type="test.written", actor="service:test", subject="", data={}, writes=writes)
        asked = self._ask()
        await decide(context, lambda _: writes.keys(), lambda _snapshot, _now: made)
        self._tell(asked, "policy", OK, of=word)

    async def clock(self, context: Context) -> None:
        del context
        if self.chance.random() < 0.3:
            self.world.move(hours=1)

    async def _on_a_receipt(self, verb: str, act: Callable[[str], Awaitable[ReceiptState]]) -> None:
        if not self.tokens:
            return
        receipt_id = self.chance.choice(list(self.tokens)[-3:])
        asked = self._ask()
        try:
            state = await act(receipt_id)
        except DeniedError as error:
            self._tell(asked, verb, error.code, of=receipt_id)
            return
        self._tell(asked, verb, OK, of=receipt_id)
        if state is ReceiptState.FAILED:  # the deadline passed before anything was sent
            self._tell(asked, "fail", OK, of=receipt_id)

    def _ask(self) -> tuple[int, datetime]:
        return next(self.tick), self.world.clock.at

    def _tell(
        self, asked: tuple[int, datetime], verb: str, answer: str, *, of: str = "", end: datetime | None = None
    ) -> None:
        told, until = self._ask()
        event = Event(asked=asked[0], told=told, verb=verb, answer=answer, since=asked[1], until=until, of=of, end=end)
        self.history.append(event)


def recorded(world: World, contexts: list[Context], seed: int, *, asks: int) -> list[Event]:
    """Return the history of clients, each with a context of its own, that ask about one operation at once."""
    plan = world.plan(an_object())
    clients = Clients(world, plan, seed)

    async def all_at_once() -> None:
        await asyncio.gather(*(clients.client(context, asks) for context in contexts))

    world.run(all_at_once())
    return clients.history


def check(world: World, history: list[Event]) -> None:
    """Fail unless one order explains the history, and what was told is what happened, in time."""
    assert is_linearizable(history, State())
    consumed = [event.of for event in history if (event.verb, event.answer) == ("consume", OK)]
    failed = sum(event.verb == "fail" for event in history)
    assert len(consumed) - failed == sum(world.double.effects.values()) <= 1
    ends = {event.of: event.end for event in history if event.end is not None}
    reserved = world.entries("receipt.reserved")
    assert len(reserved) == len(consumed)
    assert all(
        each.time < ends[str(each.body.data["receipt_id"])] for each in reserved if isinstance(each.body.data, dict)
    )


@pytest.mark.parametrize("seed", range(24))
def test_one_order_explains_what_sixteen_clients_are_told_in_memory(seed: int) -> None:
    world = World(POLICIES["allow"], home=InMemory(clock=SetClock(NOW)))
    contexts = [world.over(world.home.open()) for _ in range(16)]

    check(world, recorded(world, contexts, seed, asks=8))


@pytest.mark.parametrize("seed", range(5))
def test_one_order_explains_what_eight_clients_are_told_in_sqlite(seed: int, tmp_path: Path) -> None:
    world = World(POLICIES["allow"], home=InSqlite(tmp_path, clock=SetClock(NOW)))
    contexts = [world.over(world.home.open()) for _ in range(8)]

    check(world, recorded(world, contexts, 100 + seed, asks=6))
    world.home.close()


def test_the_histories_hold_every_kind_of_answer() -> None:
    answers = set[tuple[str, str]]()
    for seed in range(200, 212):
        world = World(POLICIES["allow"])
        answers |= {(each.verb, each.answer) for each in recorded(world, [world.context] * 8, seed, asks=10)}

    assert answers >= {
        ("issue", OK),
        ("issue", "NO_RULE"),
        ("issue", "RECEIPT_ALREADY_OPEN"),
        ("consume", OK),
        ("consume", "RECEIPT_REVOKED"),
        ("revoke", OK),
        ("revoke", "RECEIPT_CONSUMED"),
        ("policy", OK),
    }


def told(number: int, verb: str, of: str, answer: str, *, hours: float = 0) -> Event:
    """Return an event that overlaps no other: asked and told so many hours after the first."""
    at = NOW + hours * HOUR
    return Event(
        asked=2 * number, told=2 * number + 1, verb=verb, answer=answer, since=at, until=at, of=of, end=NOW + HOUR
    )


@pytest.mark.parametrize(
    "asked",
    [
        [("consume", OK, 0), ("consume", OK, 0)],
        [("revoke", OK, 0), ("consume", OK, 0)],
        [("revoke", OK, 0), ("revoke", OK, 0)],
        [("consume", OK, 0), ("revoke", OK, 0)],
        [("policy", "deny", 0), ("consume", OK, 0)],
        [("consume", OK, 1)],
        [("consume", "RECEIPT_EXPIRED", 0.9)],
        [("consume", "RECEIPT_REVOKED", 0)],
        [("consume", "RECEIPT_CONSUMED", 0)],
        [("consume", "STALE_POLICY", 0)],
        [("issue", OK, 0.5)],
        [("consume", OK, 0), ("issue", OK, 2)],
        [("revoke", OK, 0), ("policy", "deny", 0), ("issue", OK, 0)],
        [("issue", "RECEIPT_ALREADY_OPEN", 1)],
        [("issue", "NO_RULE", 0)],
    ],
    ids=str,
)
def test_the_search_finds_no_order_where_there_is_none(asked: list[tuple[str, str, float]]) -> None:
    history = [told(0, "issue", "r1", OK)]
    for number, (verb, answer, hours) in enumerate(asked, 1):
        of = answer if verb == "policy" else "r2" if verb == "issue" else "r1"
        history.append(told(number, verb, of, answer, hours=hours))

    assert is_linearizable(history[:1], State())
    assert not is_linearizable(history, State())


def test_a_receipt_that_nobody_issued_is_not_consumed() -> None:
    assert not is_linearizable([told(0, "consume", "r1", OK)], State())


def test_the_search_finds_the_order_of_what_overlapped() -> None:
    first = told(0, "issue", "r1", OK)
    second, third, fourth, fifth = (
        told(number, *event)
        for number, event in enumerate(
            [
                ("revoke", "r1", "RECEIPT_CONSUMED"),
                ("policy", "deny", OK),
                ("consume", "r1", OK),
                ("consume", "r1", "RECEIPT_RESERVED"),
            ],
            1,
        )
    )
    overlapping = [replace(each, asked=2, told=9) for each in (second, third, fourth, fifth)]

    assert is_linearizable([first, *overlapping], State())
    assert not is_linearizable([first, second, third, fourth, fifth], State())
