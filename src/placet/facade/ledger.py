"""The ledger for auditors and operators: verify, show, prove, adopt an anchor (protocol 7)."""

from __future__ import annotations

import asyncio

from placet.bootstrap import Opened
from placet.core.decide import new_event_id
from placet.domain.encoding.canonical import Object, Value
from placet.domain.log.compose import SALT_BYTES
from placet.domain.log.merkle import leaf_hash
from placet.domain.values.time import cut_to_milliseconds, format_instant
from placet.errors import UnavailableError
from placet.facade.requester import requester_of
from placet.facade.visible import check_sees_everything
from placet.usecases.adopt_anchor import Adopter, adopt_anchor
from placet.usecases.prove_entry import prove_entry, prove_growth
from placet.usecases.show_ledger import ShownEntry, show_ledger
from placet.usecases.verify_ledger import verify_ledger

_VERIFYING = asyncio.Lock()
"""Reading a long log keeps a core busy for minutes."""


class LedgerBook:
    """The ledger of an installation. Reading works while it is sealed."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context

    async def verify(self, *, full: bool = True, notes: tuple[str, ...] = (), readers: int = 0) -> Object:
        """Recompute everything and compare; `notes` are checkpoints that others kept.

        `verified` is true where nothing contradicts anything; else `finding` names the first
        contradiction by layer, sequence number and sentence. A program with a guarded main may
        have a long log read by `readers` other processes. Over the network it is for who sees
        everything, and one at a time: raise `UnavailableError` (`BUSY`).
        """
        if self._opened.caller is not None:
            await check_sees_everything(self._opened)
            if _VERIFYING.locked():
                raise UnavailableError("BUSY", "the ledger is being verified already", hint="try again in a while")
        async with _VERIFYING:
            report = await verify_ledger(self._opened.ledger, full=full, notes=notes, readers=readers)
        finding: Object = {}
        if report.finding is not None:
            finding = {
                "layer": report.finding.layer.value,
                "seq": report.finding.seq,
                "message": report.finding.message,
            }
        return {
            "origin": report.origin,
            "size": report.size,
            "full": report.full,
            "verified": report.finding is None,
            "finding": finding,
        }

    async def health(self) -> Object:
        """Return whether effects are recorded now (`serves`), the code that says why not, and the time."""
        now = format_instant(cut_to_milliseconds(self._context.clock.now()))
        try:
            seal = (await self._opened.ledger.status()).seal
        except UnavailableError as error:
            return {"serves": False, "reason": error.code, "timestamp": now}
        return {"serves": seal is None, "reason": "" if seal is None else "SEALED", "timestamp": now}

    async def observe(self, note: str) -> Object:
        """Hold the ledger against a checkpoint of it that somebody kept: where it is behind it, or differs, it seals.

        Raise `VerificationError` (`CHECKPOINT_INVALID`) for what the log did not sign, and
        `UnavailableError` (`SEALED`).
        """
        await self._opened.ledger.observe(note)
        status = await self._opened.ledger.status()
        if status.seal is not None:
            raise UnavailableError("SEALED", status.seal.message, hint=status.seal.hint)
        return {"origin": status.origin, "size": status.size}

    async def show(self, *, start: int | None = None, count: int = 20) -> Object:
        """Return how the ledger stands, and `count` of its entries, by default the newest."""
        await check_sees_everything(self._opened)
        page = await show_ledger(self._context.store, self._opened.ledger, start=start, count=count)
        seal: Object = {}
        if page.status.seal is not None:
            seal = {"reason": page.status.seal.reason.value, "message": page.status.seal.message}
        return {
            "origin": page.status.origin,
            "size": page.status.size,
            "root": page.status.root.hex(),
            "time": format_instant(page.status.time),
            "checkpoint_key": page.status.vkey,
            "seal": seal,
            "entries": [_entry(each) for each in page.entries],
        }

    async def checkpoint(self) -> Object:
        """Return the signed note over everything there is, to be kept elsewhere."""
        return {"checkpoint": await self._context.store.checkpoint()}

    async def prove(self, seq: int, *, size: int | None = None) -> Object:
        """Return the proof that entry `seq` is in the log, under a signed checkpoint."""
        await check_sees_everything(self._opened)
        proof = await prove_entry(self._context.store, self._opened.ledger, seq, size=size)
        return {
            "seq": proof.seq,
            "entry": proof.content.decode("ascii"),
            "leaf_hash": leaf_hash(proof.content).hex(),
            "size": proof.size,
            "path": _hashes(proof.path),
            "checkpoint": proof.checkpoint,
        }

    async def prove_growth(self, note: str) -> Object:
        """Return the proof that the log still begins with everything that a kept checkpoint stated."""
        proof = await prove_growth(self._context.store, self._opened.ledger, note)
        return {
            "old_size": proof.old_size,
            "new_size": proof.new_size,
            "path": _hashes(proof.path),
            "checkpoint": proof.checkpoint,
        }

    async def adopt_anchor(self, origin: str, *, requester: str = "") -> Object:
        """Take the present head as anchor where the anchor was lost, on the record, by an enrolled principal."""
        context = self._context
        now = context.clock.now()
        committed = await adopt_anchor(
            context.store,
            self._opened.ledger,
            origin=origin,
            adopter=Adopter(principal_id=await requester_of(self._opened, requester), at=now),
            entry_id=new_event_id(context, now),
            salt=context.randomness.token(SALT_BYTES),
        )
        return {"origin": origin, "seq": committed.seq, "size": committed.seq + 1}


def _hashes(path: tuple[bytes, ...]) -> list[Value]:
    return [each.hex() for each in path]


def _entry(each: ShownEntry) -> Object:
    body = each.entry.body
    return {
        "seq": each.entry.seq,
        "time": format_instant(each.entry.time),
        "id": body.entry_id,
        "type": body.type,
        "actor": body.actor,
        "subject": body.subject,
        "data": each.data,
        "leaf_hash": leaf_hash(each.content).hex(),
        "entry": each.content.decode("ascii"),
    }
