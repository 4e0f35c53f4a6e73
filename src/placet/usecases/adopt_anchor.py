"""Adopt the present head as anchor where the anchor was lost, on the record (protocol 7, anchors)."""

from __future__ import annotations

from placet.domain.log.change import Committed
from placet.domain.log.compose import Draft, compose
from placet.errors import InvalidInputError
from placet.ports.ledger import Ledger
from placet.ports.store import Store

ANCHOR_ADOPTED = "ledger.anchor_adopted"


async def adopt_anchor(
    store: Store, ledger: Ledger, *, origin: str, actor: str, entry_id: str, salt: bytes
) -> Committed:
    """Record that `actor` vouches for the present head of `origin`, and keep its checkpoint as anchor.

    What was cut off before this entry can no longer be noticed here: the entry says who decided so,
    at which size and root. Raise `InvalidInputError` (`ORIGIN_MISMATCH`) where the log is another,
    `ConfigurationError` (`ANCHOR_NOT_MISSING`), and `SealedError` where more than the anchor is missing.
    """
    status = await ledger.status()
    if origin != status.origin:
        raise InvalidInputError(
            "ORIGIN_MISMATCH",
            f"this ledger is {status.origin}",
            hint="name the origin that `placet ledger show` prints",
        )
    draft = Draft(
        entry_id=entry_id,
        type=ANCHOR_ADOPTED,
        actor=actor,
        subject=origin,
        data={"root": status.root.hex(), "size": status.size},
    )
    return await ledger.adopt(compose(draft, await store.load(()), salt))
