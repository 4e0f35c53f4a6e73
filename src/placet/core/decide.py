"""Load premises, decide, commit, and again when the state moved meanwhile (protocol 7)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from msgspec import Struct, field

from placet.core import identifiers
from placet.core.context import Context
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import ABSENT, Committed, Count, EntityKey, Snapshot
from placet.domain.log.compose import SALT_BYTES, Draft, compose
from placet.domain.values.digest import Digest
from placet.domain.values.time import cut_to_milliseconds, parse_instant
from placet.errors import DeniedError, UnavailableError
from placet.ports.store import ConflictError

LOOKED_UP = "receipt.looked_up"
"""The type of the entry that says of a receipt in doubt that nothing new was found out."""
_ATTEMPTS = 64


class Decision(Struct, frozen=True, kw_only=True):
    """What a decision wants to commit: one entry, the entities it writes, and its guards."""

    type: str
    actor: str
    subject: str
    data: Object
    writes: Mapping[EntityKey, Object | None]
    once: tuple[str, ...] = ()
    counters: Mapping[str, Count] = field(default_factory=dict)
    valid_until: datetime | None = None
    erasable: Mapping[Digest, bytes] = field(default_factory=dict)
    entry_id: str = ""


Premises = Callable[[Snapshot | None], Collection[EntityKey]]
"""Names the entities that a decision rests on; asked again with what was loaded until nothing is new."""


async def load(context: Context, premises: Premises) -> Snapshot:
    """Return one snapshot that holds every entity `premises` asks for, given that snapshot."""
    keys = set(premises(None))
    while True:
        snapshot = await context.store.load(keys)
        wanted = set(premises(snapshot))
        if wanted <= keys:
            return snapshot
        keys |= wanted


async def decide(context: Context, premises: Premises, decision: Callable[[Snapshot, datetime], Decision]) -> Committed:
    """Commit what `decision` makes of a fresh snapshot and the present instant.

    Decides again from fresh state whenever a premise moved. Raises whatever `decision` raises;
    `ConflictError` where fresh state still leads to a once key that was used before; `DeniedError`
    (`RATE_LIMITED`) where a counter is full.
    """
    lessons = _Lessons()
    for _ in range(_ATTEMPTS):
        snapshot = await load(context, premises)
        now = lessons.not_before(cut_to_milliseconds(context.clock.now()))
        made = decision(snapshot, now)
        try:
            change = compose(
                _draft(context, made, now), _with_new(snapshot, made), context.randomness.token(SALT_BYTES)
            )
            committed = await context.store.commit(change)
        except ConflictError as conflict:
            lessons.learn(conflict)
        else:
            _count(context, made)
            return committed
    raise UnavailableError("BUSY", "the state kept moving while deciding", hint="try again")


def _count(context: Context, made: Decision) -> None:
    """Count the receipts that came to another state: one that was only looked up is where it was."""
    if made.type != LOOKED_UP:
        for key, members in made.writes.items():
            if key.startswith("receipt/") and members is not None:
                context.meter.receipt(str(members["state"]))


def _with_new(snapshot: Snapshot, made: Decision) -> Snapshot:
    """Add what is written without having been loaded: it must not exist (revision 0)."""
    new = dict.fromkeys(made.writes.keys() - snapshot.entities.keys(), ABSENT)
    return Snapshot(head=snapshot.head, entities={**snapshot.entities, **new}) if new else snapshot


def new_event_id(context: Context, now: datetime) -> str:
    """Return a fresh entry id."""
    return identifiers.event_id(now, context.randomness.token(identifiers.EVENT_RANDOM_BYTES))


def _draft(context: Context, made: Decision, now: datetime) -> Draft:
    return Draft(
        entry_id=made.entry_id or new_event_id(context, now),
        type=made.type,
        actor=made.actor,
        subject=made.subject,
        data=made.data,
        writes=made.writes,
        once=made.once,
        counters=made.counters,
        valid_until=made.valid_until,
        erasable=made.erasable,
    )


class _Lessons:
    """What the conflicts of one decision taught: which once keys are taken, and how late it is at least."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._passed: datetime | None = None

    def not_before(self, now: datetime) -> datetime:
        """Return `now`, or what the sequencer's clock has passed already where ours is behind it."""
        return now if self._passed is None else max(now, self._passed)

    def learn(self, conflict: ConflictError) -> None:
        """Return where the conflict is decided again: a moved premise, a time out, a taken entry id.

        Who loses a race for a once key conflicts on it before any moved premise, and decides once
        more: fresh state then says what became of it. Raise the conflict where it does not.
        """
        if conflict.reason == "counter":
            raise DeniedError(
                "RATE_LIMITED", f"the limit of {conflict.name} is reached", hint="wait for the next hour"
            ) from conflict
        if conflict.reason == "expired":
            self._passed = parse_instant(conflict.name)
        if conflict.reason == "once" and not conflict.name.startswith("event/"):
            if conflict.name in self._taken:
                raise conflict
            self._taken.add(conflict.name)
