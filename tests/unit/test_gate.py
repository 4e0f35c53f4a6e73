"""How much is taken on: rates by name, turns, and room for bodies."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from placet.errors import UnavailableError
from placet.web.body import Room
from placet.web.gate import Buckets, Gate, Queue, TooFastError


class Watch:
    """Tells the seconds that a test says have passed."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def taken(buckets: Buckets, name: str, most: int = 1000) -> int:
    """Return how much can be taken before the bucket is empty."""
    for number in range(most):
        try:
            buckets.take(name)
        except TooFastError:
            return number
    return most


def test_a_burst_of_four_seconds_is_let_in_and_then_the_rate() -> None:
    watch = Watch()
    buckets = Buckets("key", 10, watch)

    assert taken(buckets, "a") == 40
    watch.seconds += 0.5
    assert taken(buckets, "a") == 5
    watch.seconds += 1000
    assert taken(buckets, "a") == 40


def test_names_do_not_share_a_bucket() -> None:
    buckets = Buckets("key", 1, Watch())

    assert (taken(buckets, "a"), taken(buckets, "b")) == (4, 4)


def test_who_is_too_fast_is_told_when_to_come_again() -> None:
    watch = Watch()
    buckets = Buckets("key", 2, watch)
    buckets.charge("a", 12)

    with pytest.raises(TooFastError) as refused:
        buckets.take("a")

    assert (refused.value.code, refused.value.retry_after) == ("RATE_LIMITED", 3)
    watch.seconds += 2
    with pytest.raises(TooFastError):
        buckets.take("a")
    watch.seconds += 1
    buckets.take("a")


def test_without_a_rate_nothing_is_counted() -> None:
    buckets = Buckets("key", 0, Watch())

    buckets.charge("a", 1000)

    assert (taken(buckets, "a"), len(buckets)) == (1000, 0)


def test_a_flood_of_names_is_forgotten_from_the_idlest_on() -> None:
    buckets = Buckets("address", 1, Watch())
    for number in range(30_000):
        buckets.charge(f"{number}", 4)

    assert len(buckets) == 10_000
    assert (taken(buckets, "29999"), taken(buckets, "0")) == (0, 4)


def test_this_machine_s_own_address_has_no_rate_and_a_site_s_ipv6_network_has_one() -> None:
    gate = Gate(per_key=1, per_address=1, at_once=1, seconds=Watch())
    for _ in range(100):
        gate.from_address("127.0.0.1")
    for number in range(4):
        gate.from_address(f"2001:db8::{number}")

    with pytest.raises(TooFastError):
        gate.from_address("2001:db8::ffff:ffff:ffff:ffff")
    gate.from_address("2001:db8:0:1::1")


def test_so_many_have_a_turn_so_many_wait_and_the_next_is_sent_away() -> None:
    async def work() -> None:
        queue = Queue(1)
        entered = asyncio.Event()

        async def one() -> None:
            async with queue.turn():
                entered.set()
                await asyncio.sleep(0)

        async with AsyncExitStack() as stack:
            await stack.enter_async_context(queue.turn())
            waiting = [asyncio.create_task(one()) for _ in range(8)]
            await asyncio.sleep(0)
            assert (queue.running, queue.waiting) == (1, 8)
            with pytest.raises(UnavailableError) as refused:
                await stack.enter_async_context(queue.turn())
            assert refused.value.code == "BUSY"
            assert not entered.is_set()
        await asyncio.gather(*waiting)
        assert (queue.running, queue.waiting) == (0, 0)

    asyncio.run(work())


def test_who_gives_up_waiting_takes_no_turn_with_them() -> None:
    async def work() -> None:
        queue = Queue(1)
        async with queue.turn():
            waiting = asyncio.create_task(queue.turn().__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
        async with queue.turn():
            assert (queue.running, queue.waiting) == (1, 0)

    asyncio.run(work())


def test_bodies_have_so_much_room_together() -> None:
    room = Room(100)
    room.take(60)

    with pytest.raises(UnavailableError) as refused:
        room.take(41)

    assert refused.value.code == "BUSY"
    room.give_back(60)
    room.take(100)


def test_of_texts_that_are_long_to_read_there_is_one_at_a_time_and_others_have_a_turn_between() -> None:
    order: list[str] = []

    async def read(room: Room, name: str, size: int) -> None:
        await room.turn_to_read(size, lambda: order.append(name))

    async def ticks() -> None:
        for _ in range(20):
            order.append("tick")
            await asyncio.sleep(0)

    async def work() -> None:
        room = Room(1)
        await asyncio.gather(*(read(room, "long", 100_000) for _ in range(5)), read(room, "short", 10), ticks())

    asyncio.run(work())
    assert order.index("short") < order.index("long")
    assert "longlong" not in "".join(order)
