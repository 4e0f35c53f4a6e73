"""The life of a receipt: which state may follow which (protocol 5)."""

from __future__ import annotations

from placet.domain.authorization.facts import ReceiptState
from placet.errors import DeniedError

_FOLLOWS: dict[ReceiptState, frozenset[ReceiptState]] = {
    ReceiptState.ISSUED: frozenset({ReceiptState.RESERVED, ReceiptState.EXECUTED, ReceiptState.REVOKED}),
    ReceiptState.RESERVED: frozenset({ReceiptState.EXECUTED, ReceiptState.FAILED, ReceiptState.INDETERMINATE}),
    ReceiptState.INDETERMINATE: frozenset({ReceiptState.EXECUTED, ReceiptState.FAILED, ReceiptState.CONFLICT}),
    ReceiptState.FAILED: frozenset({ReceiptState.EXECUTED, ReceiptState.CONFLICT}),
    ReceiptState.EXECUTED: frozenset(),
    ReceiptState.CONFLICT: frozenset(),
    ReceiptState.REVOKED: frozenset(),
}
"""`issued → executed` is the one change of a core operation; `failed → …` corrects with a late truth."""

ATTEMPT_MAY_FOLLOW = frozenset({ReceiptState.FAILED, ReceiptState.REVOKED})
"""States of attempt n after which attempt n+1 may be issued; an expired `issued` one is the third case."""


def check_may_become(present: ReceiptState, wanted: ReceiptState) -> None:
    """Raise `DeniedError` (`FENCE_LOST`) unless `wanted` may follow `present`."""
    if wanted not in _FOLLOWS[present]:
        raise DeniedError(
            "FENCE_LOST", f"a receipt that is {present} does not become {wanted}: somebody else settled it"
        )
