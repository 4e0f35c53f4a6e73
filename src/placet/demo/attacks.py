"""The eight named attacks, tried on the demo's own installation (attack corpus A01 to A08)."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from placet.adapters.files.anchor import FileAnchor
from placet.adapters.sqlite.store import SqliteStore
from placet.adapters.system import SystemClock
from placet.bootstrap import LEDGER_FILE
from placet.core.context import Context
from placet.core.execute import contents_of, present, receipt_of
from placet.core.mint import issue_receipt
from placet.core.runs import stored_plan
from placet.demo.world import DemoWorld
from placet.domain.authorization.facts import Request
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.receipt import compact, mac, split_compact
from placet.domain.values.kinds import Mode
from placet.errors import PlacetError
from placet.usecases.verify_ledger import verify_ledger

_PUBLICATION_PLAN = 2
_ACTOR = "person:mallory"


class Tried(Struct, frozen=True, kw_only=True):
    """One attack: what was tried, the code or finding that was expected and came, and its effects."""

    name: str
    tried: str
    expected: str
    got: str
    effects: int


class Loot(Struct, frozen=True, kw_only=True):
    """What the attacker holds: a spent receipt, and one that was issued for an approved operation and not used."""

    context: Context
    done: Plan
    spent: str
    open: Plan
    unused: str


async def try_attacks(world: DemoWorld, done_run: str, approved_run: str) -> list[Tried]:
    """Try each named attack and return what came of it."""
    loot = await _loot(world.opened.context, done_run, approved_run)
    first, second = loot.open.operations[:2]
    attempts: list[tuple[str, str, str, Callable[[], Awaitable[object]]]] = [
        (
            "forged receipt",
            "a receipt signed with a key of the attacker's own",
            "SIGNATURE_INVALID",
            lambda: _present(loot.context, loot.open, first, _forged(loot.unused)),
        ),
        (
            "replayed receipt",
            "the receipt of the first publication, once more",
            "RECEIPT_CONSUMED",
            lambda: _present(loot.context, loot.done, loot.done.operations[0], loot.spent),
        ),
        (
            "other operation",
            "the receipt for one object, presented to write the other",
            "OPERATION_MISMATCH",
            lambda: _present(loot.context, loot.open, second, loot.unused),
        ),
        (
            "other run",
            "the receipt of one run, presented in another",
            "RUN_MISMATCH",
            lambda: _present(loot.context, loot.done, loot.done.operations[0], loot.unused),
        ),
        (
            "expired receipt",
            "a good receipt, two hours later",
            "RECEIPT_EXPIRED",
            lambda: _present(replace(loot.context, clock=_LaterClock()), loot.open, first, loot.unused),
        ),
        (
            "no receipt",
            "the operation, with nothing",
            "RECEIPT_MISSING",
            lambda: _present(loot.context, loot.open, first, None),
        ),
        (
            "execution in a dry run",
            "a good receipt, in the mode that performs nothing",
            "MODE_NOT_PROD",
            lambda: _present(loot.context, loot.open, first, loot.unused, mode=Mode.DRY_RUN),
        ),
    ]
    tried = [await _attempt(world, *attempt) for attempt in attempts]
    return [*tried, await _edited_record(world, loot)]


async def _loot(context: Context, done_run: str, approved_run: str) -> Loot:
    done = await stored_plan(context, done_run, _PUBLICATION_PLAN)
    approved = await stored_plan(context, approved_run, _PUBLICATION_PLAN)
    spent = await _spent_token(context, done.operations[0])
    unused = await issue_receipt(context, approved.operations[0].operation_id, actor=approved.requester)
    return Loot(context=context, done=done, spent=spent, open=approved, unused=unused)


async def _spent_token(context: Context, operation: Operation) -> str:
    """Return the compact receipt that was used, as the attacker may have seen it."""
    record = await receipt_of(context, operation.operation_id)
    payload = record.payload.encode() if record else b""
    return compact(payload, mac(context.receipt_secrets[context.minting_key], payload))


async def _present(
    context: Context, plan: Plan, operation: Operation, token: object, *, mode: Mode = Mode.PROD
) -> object:
    request = Request(mode=mode.value, run_id=plan.run_id, operation=operation, token=token)
    return await present(context, request, await contents_of(context, operation), actor=_ACTOR)


async def _attempt(
    world: DemoWorld, name: str, tried: str, expected: str, attack: Callable[[], Awaitable[object]]
) -> Tried:
    before = world.effects()
    try:
        await attack()
        got = "PERFORMED"
    except PlacetError as error:
        got = error.code
    return Tried(name=name, tried=tried, expected=expected, got=got, effects=world.effects() - before)


def _forged(token: str) -> str:
    payload, _ = split_compact(token)
    return compact(payload, mac(b"not the Core's secret", payload))


class _LaterClock(SystemClock):
    """A clock two hours ahead."""

    def now(self) -> datetime:
        """Return the instant two hours from now."""
        return super().now() + timedelta(hours=2)


async def _edited_record(world: DemoWorld, loot: Loot) -> Tried:
    """Edit the receipt id in one entry of a copy of the ledger, and verify the copy."""
    before = world.effects()
    receipt_id = split_compact(loot.spent)[0].split(b'"receipt_id":"')[1][:40]
    copy = world.folder / "edited.sqlite"
    edited = await _edited_copy(world.opened.config.home / LEDGER_FILE, copy, receipt_id)
    signer = loot.context.checkpoint_signer
    store = SqliteStore(copy, signer, FileAnchor(world.opened.config.anchors), SystemClock())
    try:
        finding = (await verify_ledger(store)).finding
    finally:
        await store.close()
    return Tried(
        name="edited audit record",
        tried=f"another receipt id written into entry {edited} of a copy of the ledger",
        expected=f"entry {edited}",
        got=f"entry {finding.seq}" if finding else "nothing found",
        effects=world.effects() - before,
    )


async def _edited_copy(ledger: Path, copy: Path, receipt_id: bytes) -> int:
    """Copy the ledger, change one digit of the receipt id in the first entry that has it, and return its number."""
    with sqlite3.connect(ledger) as source, sqlite3.connect(copy) as target:
        source.backup(target)
        rows = target.execute("SELECT seq, content FROM entry ORDER BY seq").fetchall()
        seq, content = next((seq, content) for seq, content in rows if receipt_id in content)
        digit = b"0" if receipt_id[-1:] != b"0" else b"1"
        changed = content.replace(receipt_id, receipt_id[:-1] + digit)
        target.execute("UPDATE entry SET content = ? WHERE seq = ?", (changed, seq))
    target.close()
    source.close()
    return int(seq)
