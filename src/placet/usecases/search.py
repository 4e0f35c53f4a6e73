"""Search packages, certificates, receipts, runs and events: by ids, their beginnings, and parts of names.

Everything is found through index rows, a page at a time: a page costs a page, however much there
is. A page is read and judged as one, so that it takes as many reads where what it holds is hidden as where
it holds nothing (attacks A87). What is found is for people, and never a premise (protocol 7).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from placet.core.context import Context
from placet.core.entities.certificates import NAMED_CERTIFICATES, read_certificate
from placet.core.entities.names import about_in, as_wanted, is_first_row
from placet.core.entities.receipts import read_receipt_record
from placet.core.entities.registrations import NAMED_PACKAGES, read_registration
from placet.core.entities.runs import NAMED_RUNS, plan_key, read_run
from placet.core.entities.stored import required
from placet.core.lookup import entry_at
from placet.domain.authorization.receipt import parse_receipt
from placet.domain.log.change import Entity, EntityKey, IndexRow
from placet.errors import InvalidInputError

_MOST_QUERY = 256
_MOST_OF_A_RUN = 1000
_PAGE = 100


class Kind(StrEnum):
    """What can be found."""

    PACKAGE = "package"
    CERTIFICATE = "certificate"
    RECEIPT = "receipt"
    RUN = "run"
    EVENT = "event"


class Hit(Struct, frozen=True, kw_only=True):
    """One thing that was found: its id, what it is about, how it stands, and the entry that wrote it last.

    `run_id` is the run that it belongs to, empty for packages and certificates, and where that is not known.
    """

    kind: Kind
    hit_id: str
    about: str
    state: str
    seq: int
    at: datetime
    run_id: str = ""

    @property
    def package(self) -> str:
        """Return the name of what it is about, without kind, provider and version."""
        subject = self.about.rpartition(" ")[2]
        provider, colon, name = subject.partition(":")
        name = name if colon and "@" not in provider else subject
        return name.rpartition("@")[0] or name


class Hits(Struct, frozen=True, kw_only=True):
    """A page of what was found, and where the next one begins, empty after the last."""

    hits: tuple[Hit, ...]
    after: str


class _Lane(Struct, frozen=True, kw_only=True):
    """One index in which one kind is found: by the beginning of an id, or by a part of a name.

    `read` makes a hit of what a row leads to; where that is a run and its receipts or events are looked
    for, `belonging` finds them, once the run is seen.
    """

    kind: Kind
    index: str
    read: Callable[[Context, Entity], Hit]
    belonging: Callable[[Context, IndexRow], Awaitable[list[Hit]]] | None = None
    by_name: bool = False


Sees = Callable[[Sequence[Hit]], Awaitable[Sequence[Hit]]]
"""Returns those hits that whoever searches may see, in as many reads for many as for none."""


async def everything(hits: Sequence[Hit]) -> Sequence[Hit]:
    """Let everything be seen: on the machine itself."""
    return hits


async def search(
    context: Context,
    query: str,
    *,
    kinds: Sequence[Kind] = tuple(Kind),
    limit: int = 50,
    after: str = "",
    sees: Sees = everything,
) -> Hits:
    """Return what `query` finds and `sees` lets be seen, about `limit` hits: a run's receipts and events come together.

    `after` is the `after` of the page before, which begins behind a hit: no page says where something
    hidden stands. Raise `InvalidInputError` (`QUERY_INVALID`,
    `CURSOR_INVALID`).
    """
    if not 1 <= len(query) <= _MOST_QUERY or not query.isascii() or not query.isprintable():
        raise InvalidInputError("QUERY_INVALID", f"a query has 1 to {_MOST_QUERY} printable ASCII characters")
    start, row = _read_cursor(after) if after else (0, None)
    hits: list[Hit] = []
    if not after and Kind.EVENT in kinds:
        hits += await _event_by_id(context, query, sees)
    for number, lane in enumerate(_LANES):
        if number < start or lane.kind not in kinds:
            continue
        async for page in _pages(context, lane, query, row if number == start else None):
            async for found, shown in _shown(context, lane, page, sees):
                hits += shown
                if shown and len(hits) >= limit:
                    return Hits(hits=tuple(hits), after=_cursor(number, found))
    return Hits(hits=tuple(hits), after="")


async def _shown(
    context: Context, lane: _Lane, page: Sequence[IndexRow], sees: Sees
) -> AsyncIterator[tuple[IndexRow, list[Hit]]]:
    """Yield the rows of a page that are seen, with what they lead to."""
    snapshot = await context.store.load([row.key for row in page])
    found = []
    for row in page:
        await asyncio.sleep(0)  # however many are hidden from who searches: all others have a turn in between
        found.append((row, lane.read(context, required(snapshot, row.key, lane.kind.value))))
    seen = frozenset(await sees([hit for _, hit in found]))
    for row, hit in found:
        if hit in seen:
            yield row, [hit] if lane.belonging is None else await lane.belonging(context, row)


async def _pages(context: Context, lane: _Lane, query: str, after: IndexRow | None) -> AsyncIterator[list[IndexRow]]:
    """Yield the rows of a lane by pages, each name once; at least one page, though it may be empty."""
    wanted = as_wanted(query) if lane.by_name else query
    while True:
        page = await context.store.find(lane.index, wanted, after=after, limit=_PAGE)
        yield [row for row in page if not lane.by_name or is_first_row(row.value, wanted)]
        if len(page) < _PAGE:
            return
        after = page[-1]


def _package(context: Context, entity: Entity) -> Hit:
    del context
    found = read_registration(entity)
    return Hit(
        kind=Kind.PACKAGE,
        hit_id=found.registration_id,
        about=f"{found.package}@{found.version}",
        state=found.status.value if found.is_published else f"{found.status.value} (reported)",
        seq=entity.revision,
        at=found.registered_at,
    )


def _certificate(context: Context, entity: Entity) -> Hit:
    found = read_certificate(entity)
    expired = context.clock.now() >= found.expires_at
    return Hit(
        kind=Kind.CERTIFICATE,
        hit_id=found.certificate_id,
        about=f"{found.package}@{found.version}",
        state="revoked" if found.revocation else "expired" if expired else "active",
        seq=entity.revision,
        at=found.issued_at,
    )


def _receipt(context: Context, entity: Entity) -> Hit:
    del context
    found = read_receipt_record(entity)
    receipt = parse_receipt(found.payload.encode("ascii"))
    return Hit(
        kind=Kind.RECEIPT,
        hit_id=found.receipt_id,
        about=f"{receipt.operation_kind.value} {receipt.subject}",
        state=found.state.value,
        seq=entity.revision,
        at=receipt.issued_at,
        run_id=receipt.run_id,
    )


def _run(context: Context, entity: Entity) -> Hit:
    del context
    found = read_run(entity)
    return Hit(
        kind=Kind.RUN,
        hit_id=found.run_id,
        about=found.subject,
        state=f"{found.state.value} ({found.mode.value})",
        seq=entity.revision,
        at=found.requested_at,
        run_id=found.run_id,
    )


async def _receipts_of_run(context: Context, row: IndexRow) -> list[Hit]:
    keys = [each.key for each in await _receipt_rows(context, row)]
    snapshot = await context.store.load(keys)
    return [_receipt(context, required(snapshot, key, "receipt")) for key in keys]


async def _events_of_run(context: Context, row: IndexRow) -> list[Hit]:
    """Return the entries that a run's state rests on: its own, its plans', its receipts', its denials'."""
    run_id = row.key.partition("/")[2]
    run = read_run(required(await context.store.load([row.key]), row.key, "run"))
    keys: set[EntityKey] = {row.key, *(plan_key(run_id, number) for number in range(1, run.plans + 1))}
    keys |= {each.key for each in await _receipt_rows(context, row)}
    keys |= {each.key for each in await context.store.find("denied_request", f"{run_id}/", limit=_MOST_OF_A_RUN)}
    snapshot = await context.store.load(keys)
    seqs = sorted({snapshot.entities[key].revision for key in keys})
    return [await _event(context, seq, about_in(row.value), run_id) for seq in seqs]


async def _receipt_rows(context: Context, row: IndexRow) -> list[IndexRow]:
    run_id = row.key.partition("/")[2]
    return await context.store.find("receipt_run", f"{run_id}/", limit=_MOST_OF_A_RUN)


async def _event(context: Context, seq: int, about: str = "", run_id: str = "") -> Hit:
    entry = await entry_at(context, seq)
    return Hit(
        kind=Kind.EVENT,
        hit_id=entry.body.entry_id,
        about=about or entry.body.subject,
        state=entry.body.type,
        seq=seq,
        at=entry.time,
        run_id=run_id,
    )


async def _event_by_id(context: Context, query: str, sees: Sees) -> list[Hit]:
    """Return the event of exactly this id, where it is seen: the ledger keeps each id's place.

    Where there is none, the first entry of all is read and judged, and not shown.
    """
    seq = await context.store.once_seq(f"event/{query}")
    seen = await sees([await _event(context, seq or 0)])
    return list(seen) if seq is not None else []


_LANES = (
    _Lane(kind=Kind.PACKAGE, index="registration", read=_package),
    _Lane(kind=Kind.PACKAGE, index="artifact", read=_package),
    _Lane(kind=Kind.PACKAGE, index=NAMED_PACKAGES, read=_package, by_name=True),
    _Lane(kind=Kind.CERTIFICATE, index="certificate", read=_certificate),
    _Lane(kind=Kind.CERTIFICATE, index=NAMED_CERTIFICATES, read=_certificate, by_name=True),
    _Lane(kind=Kind.RECEIPT, index="receipt", read=_receipt),
    _Lane(kind=Kind.RECEIPT, index="receipt_run", read=_receipt),
    _Lane(kind=Kind.RECEIPT, index=NAMED_RUNS, read=_run, belonging=_receipts_of_run, by_name=True),
    _Lane(kind=Kind.RUN, index="run", read=_run),
    _Lane(kind=Kind.RUN, index=NAMED_RUNS, read=_run, by_name=True),
    _Lane(kind=Kind.EVENT, index="run", read=_run, belonging=_events_of_run),
    _Lane(kind=Kind.EVENT, index=NAMED_RUNS, read=_run, belonging=_events_of_run, by_name=True),
)


def _cursor(lane: int, row: IndexRow) -> str:
    content = json.dumps([lane, row.value, row.key]).encode("ascii")
    return base64.urlsafe_b64encode(content).decode("ascii")


def _read_cursor(text: str) -> tuple[int, IndexRow]:
    try:
        match json.loads(base64.b64decode(text, altchars=b"-_", validate=True)):
            case [int(lane), str(value), str(key)] if 0 <= lane < len(_LANES) and value.isascii() and key.isascii():
                return lane, IndexRow(name=_LANES[lane].index, value=value, key=EntityKey(key))
    except (ValueError, RecursionError, binascii.Error) as error:
        raise _no_cursor() from error
    raise _no_cursor()


def _no_cursor() -> InvalidInputError:
    return InvalidInputError(
        "CURSOR_INVALID",
        "that is not where a page ended",
        hint="give with --after what the page before said, or leave it out to begin",
    )
