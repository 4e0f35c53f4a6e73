"""Receipts that the Core never minted: changed, signed with its own secret or another, planted in the store."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from placet.core.authorize import desk, key_premises
from placet.core.decide import Decision
from placet.core.entities.receipts import ReceiptRecord
from placet.core.entities.runs import OperationState
from placet.domain.authorization.checks import CheckDeniedError, Trail, open_receipt
from placet.domain.authorization.facts import Desk, ReceiptState, Request
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.receipt import PREFIX, Receipt, compact, mac, parse_receipt, split_compact
from placet.domain.encoding.canonical import Object, decode, encode
from placet.domain.values.digest import sha256
from support.world import World


def payload_of(token: str) -> bytes:
    """Return the payload of a compact receipt."""
    return split_compact(token)[0]


def receipt_in(token: str) -> Receipt:
    """Return the receipt in a compact receipt."""
    return parse_receipt(payload_of(token))


def tag_of(token: str) -> bytes:
    """Return the MAC of a compact receipt."""
    return split_compact(token)[1]


def members_of(token: str) -> Object:
    """Return the members of a compact receipt."""
    return decode(payload_of(token))


def sealed(world: World, payload: bytes, *, secret: bytes | None = None) -> str:
    """Return any payload as a compact receipt, with a valid MAC under the Core's secret or another."""
    return compact(payload, mac(world.secret if secret is None else secret, payload))


def forged(world: World, token: str, *, secret: bytes | None = None, **changed: Any) -> str:
    """Return the receipt with changed members, signed as an insider could who took the secret."""
    return sealed(world, encode({**members_of(token), **changed}), secret=secret)


def planted(world: World, token: str) -> str:
    """Return the receipt after it was written into the store as if it had been issued."""
    receipt, payload = receipt_in(token), payload_of(token)
    record = ReceiptRecord(
        receipt_id=receipt.receipt_id,
        operation_id=receipt.operation_id,
        attempt=receipt.attempt,
        payload=payload.decode(),
        payload_digest=sha256(payload),
        state=ReceiptState.ISSUED,
        deadline=None,
        lookups=0,
        response={},
        error_code="",
    )
    state = OperationState(
        operation_id=receipt.operation_id,
        attempt=receipt.attempt,
        receipt_id=receipt.receipt_id,
        state=ReceiptState.ISSUED,
    )
    writes = {record.key: record.to_object(), state.key: state.to_object()}
    world.commit(Decision(type="test.written", actor="service:test", subject="", data={}, writes=writes))
    return token


def raw(payload_text: str, tag_text: str) -> str:
    """Return a compact receipt of two texts as they are."""
    return f"{PREFIX}{payload_text}.{tag_text}"


def base64url(content: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def desk_of(world: World) -> Desk:
    """Return what checks 0 to 2c look at."""
    return desk(world.context, world.load(*key_premises(world.context)), world.clock.now())


def refusal_at(desk: Desk, plan: Plan, token: object) -> str:
    """Return the code with which checks 0 to 2c refuse a token; empty where they believe it."""
    request = Request(mode="prod", run_id=plan.run_id, operation=plan.operations[0], token=token)
    try:
        open_receipt(request, desk, Trail())
    except CheckDeniedError as denied:
        return denied.code
    return ""


def tokens_on_record(world: World, tokens: Mapping[str, str] | list[str]) -> list[str]:
    """Return those tokens, or their MACs, of which a part stands in any entry."""
    everything = b"".join(world.contents()).decode()
    return [each for each in tokens if each in everything or base64url(tag_of(each)) in everything]
