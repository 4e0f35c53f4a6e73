"""What the checks would say of a receipt that was not used yet, for people: nothing rests on it (contract 8)."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from placet.core.authorize import Presented, authorize, premises
from placet.core.context import Context
from placet.core.decide import load
from placet.core.entities.receipts import ReceiptRecord
from placet.core.entities.runs import plan_key_of, read_plan
from placet.core.entities.stored import required
from placet.core.execute import contents_of
from placet.core.mint import planned
from placet.domain.authorization.checks import CheckDeniedError, Trail
from placet.domain.authorization.facts import ObservedFact, Request
from placet.domain.authorization.place import asked_of_provider
from placet.domain.authorization.receipt import compact, mac, parse_receipt
from placet.domain.encoding.canonical import Object
from placet.domain.values.time import cut_to_milliseconds

_NO_MAC = bytes(32)


class Assessment(Struct, frozen=True, kw_only=True):
    """Each check's result, and the code and sentence of the first that fails, empty where none does."""

    checks: Object
    code: str
    sentence: str


async def assess(context: Context, record: ReceiptRecord) -> Assessment:
    """Return what the checks say now of a receipt as it was issued; record and consume nothing.

    What a provider holds is taken to be as planned: nobody is asked. The receipt's MAC is made for
    the checks alone, and goes nowhere.
    """
    plan = await context.store.load([plan_key_of(record.operation_id)])
    stored = read_plan(required(plan, plan_key_of(record.operation_id), "plan"))
    operation = planned(stored, record.operation_id)
    payload = record.payload.encode("ascii")
    secret = context.receipt_secrets.get(parse_receipt(payload).key_id)
    token = compact(payload, mac(secret, payload) if secret is not None else _NO_MAC)
    now = cut_to_milliseconds(context.clock.now())
    presented = Presented(
        request=Request(mode=stored.mode.value, run_id=stored.run_id, operation=operation, token=token),
        contents=await contents_of(context, operation),
        observations=tuple(
            ObservedFact(fact=each.fact, value=each.expected, at=now) for each in asked_of_provider(operation)
        ),
        actor=stored.requester,
    )
    snapshot = await load(context, lambda loaded: premises(context, presented, loaded))
    trail = Trail()
    try:
        await asyncio.to_thread(authorize, context, snapshot, now, presented, trail)
    except CheckDeniedError as denied:
        return Assessment(checks=trail.results, code=denied.code, sentence=denied.message)
    return Assessment(checks=trail.results, code="", sentence="")
