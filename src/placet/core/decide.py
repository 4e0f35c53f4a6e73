"""Load premises, decide, commit, and again when the state moved meanwhile (protocol 7)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from placet.core import identifiers
from placet.core.context import Context
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import ABSENT, Committed, Count, EntityKey, Snapshot
from placet.domain.log.compose import SALT_BYTES, Draft, compose
from placet.domain.values.digest import Digest
from placet.domain.values.time import cut_to_milliseconds
from placet.errors import DeniedError, UnavailableError
from placet.ports.store import ConflictError

_ATTEMPTS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
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
    `ConflictError` where a once key was used before; `DeniedError` (`RATE_LIMITED`) where a
    counter is full.
    """
    for _ in range(_ATTEMPTS):
        snapshot = await load(context, premises)
        now = cut_to_milliseconds(context.clock.now())
        made = decision(snapshot, now)
        try:
            change = compose(
                _draft(context, made, now), _with_new(snapshot, made), context.randomness.token(SALT_BYTES)
            )
            return await context.store.commit(change)
        except ConflictError as conflict:
            _raise_unless_movable(conflict)
    raise UnavailableError("BUSY", "the state kept moving while deciding", hint="try again")


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


def _raise_unless_movable(conflict: ConflictError) -> None:
    """Let a moved premise and a taken entry id pass: both are decided again."""
    if conflict.reason == "counter":
        raise DeniedError(
            "RATE_LIMITED", f"the limit of {conflict.name} is reached", hint="wait for the next hour"
        ) from conflict
    if conflict.reason == "once" and not conflict.name.startswith("event/"):
        raise conflict
