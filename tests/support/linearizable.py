"""Whether one order explains what concurrent clients were told: a search after Wing and Gong.

An event is something a client asked, with the ticks at which it asked and was told. A history is
linearizable where its events can be put in an order that keeps "told before the other asked" and
in which a single client, asking one after the other, would have been told the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

OK = "ok"
_SPENT = frozenset({"consumed", "failed"})


class Event(Struct, frozen=True, kw_only=True):
    """What one client asked (`issue`, `consume`, `fail`, `revoke`, `policy`), of what, and what it was told.

    `of` is a receipt id or the policy's word (`allow`, `deny`); `end` that of an issued receipt.
    `fail` is the second half of a consumption whose effect was not sent: the receipt stays spent, and
    another may follow. The clock is no part of the store, and one time is stamped for a whole group of commits: so an
    event has the times at which it was asked and told, and any between may be its own.
    """

    asked: int
    told: int
    verb: str
    answer: str
    since: datetime
    until: datetime
    of: str = ""
    end: datetime | None = None


class State(Struct, frozen=True):
    """What decides: whether the policy allows, each receipt's state and end, and which is the newest."""

    allows: bool = True
    newest: str = ""
    receipts: Mapping[str, tuple[str, datetime]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def key(self) -> tuple[object, ...]:
        return (self.allows, self.newest, tuple(sorted(self.receipts.items())))

    def put(self, receipt: str, state: str, end: datetime) -> State:
        return replace(self, receipts=MappingProxyType({**self.receipts, receipt: (state, end)}))


def after(state: State, event: Event) -> State | None:
    """Return the state after the event, None where it could not have been told that."""
    if event.verb == "policy":
        return replace(state, allows=event.of == "allow")
    if event.verb == "issue":
        return _issued(state, event)
    was, end = state.receipts.get(event.of, ("unknown", event.since))
    if event.verb == "fail":
        return state.put(event.of, "failed", end) if was == "consumed" else None
    return (_consumed if event.verb == "consume" else _revoked)(state, event, was, end)


def _issued(state: State, event: Event) -> State | None:
    was, end = state.receipts.get(state.newest, ("none", event.since))
    if event.answer == OK:
        assert event.end is not None
        free = was in {"none", "revoked", "failed"} or (was == "issued" and event.until >= end)
        return replace(state, newest=event.of).put(event.of, "issued", event.end) if state.allows and free else None
    in_the_way = was == "consumed" or (was == "issued" and event.since < end)
    return state if {"NO_RULE": not state.allows, "RECEIPT_ALREADY_OPEN": in_the_way}[event.answer] else None


def _consumed(state: State, event: Event, was: str, end: datetime) -> State | None:
    if event.answer == OK:
        good = was == "issued" and state.allows and event.since < end
        return state.put(event.of, "consumed", end) if good else None
    true = {
        "RECEIPT_CONSUMED": was in _SPENT,
        "RECEIPT_RESERVED": was == "consumed",
        "RECEIPT_REVOKED": was == "revoked",
        "RECEIPT_EXPIRED": was == "issued" and event.until >= end,
        "STALE_POLICY": was == "issued" and not state.allows,
    }
    return state if true[event.answer] else None


def _revoked(state: State, event: Event, was: str, end: datetime) -> State | None:
    if event.answer == OK:
        return state.put(event.of, "revoked", end) if was == "issued" else None
    return state if {"RECEIPT_REVOKED": was == "revoked", "RECEIPT_CONSUMED": was in _SPENT}[event.answer] else None


def is_linearizable(history: Iterable[Event], start: State) -> bool:
    """Search an order that explains every answer; what changes nothing is put as early as it may stand."""
    events = sorted(history, key=lambda event: event.asked)
    seen: set[tuple[frozenset[int], tuple[object, ...]]] = set()
    stack = [(frozenset(range(len(events))), start)]
    while stack:
        left, state = stack.pop()
        left = _without_readers(events, left, state)
        if not left:
            return True
        if (left, state.key) in seen:
            continue
        seen.add((left, state.key))
        for number in _first_ones(events, left):
            following = after(state, events[number])
            if following is not None:
                stack.append((left - {number}, following))
    return False


def _first_ones(events: list[Event], left: frozenset[int]) -> list[int]:
    """Return the events that may come next: nobody else had been told anything before they were asked."""
    earliest = min(events[number].told for number in left)
    return [number for number in sorted(left) if events[number].asked <= earliest]


def _without_readers(events: list[Event], left: frozenset[int], state: State) -> frozenset[int]:
    while left:
        readers = {number for number in _first_ones(events, left) if after(state, events[number]) is state}
        if not readers:
            break
        left -= readers
    return left
