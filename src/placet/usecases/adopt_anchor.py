"""Adopt the present head as anchor where the anchor was lost, on the record (protocol 7, anchors)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.core.entities.governance import principal_key, stored_principal
from placet.core.entities.stored import entity_of
from placet.domain.log.change import Committed, Entity
from placet.domain.log.compose import Draft, compose
from placet.errors import DeniedError, InvalidInputError
from placet.ports.ledger import Ledger
from placet.ports.store import Store

ANCHOR_ADOPTED = "ledger.anchor_adopted"


class Adopter(Struct, frozen=True, kw_only=True):
    """Who vouches for a head, by the id of an enrolled principal, and when."""

    principal_id: str
    at: datetime


async def adopt_anchor(
    store: Store, ledger: Ledger, *, origin: str, adopter: Adopter, entry_id: str, salt: bytes
) -> Committed:
    """Record that `adopter` vouches for the present head of `origin`, and keep its checkpoint as anchor.

    What was cut off before this entry can no longer be noticed here: the entry says who decided so,
    at which size and root. Raise `InvalidInputError` (`ORIGIN_MISMATCH`) where the log is another,
    `DeniedError` (`APPROVER_INELIGIBLE`) where the adopter is not enrolled or was disabled,
    `ConfigurationError` (`ANCHOR_NOT_MISSING`), and `SealedError` where more than the anchor is missing.
    """
    status = await ledger.status()
    if origin != status.origin:
        raise InvalidInputError(
            "ORIGIN_MISMATCH",
            f"this ledger is {status.origin}",
            hint="name the origin that `placet ledger show` prints",
        )
    key = principal_key(adopter.principal_id)
    snapshot = await store.load((key,))
    _check_may_adopt(entity_of(snapshot, key), adopter)
    draft = Draft(
        entry_id=entry_id,
        type=ANCHOR_ADOPTED,
        actor=adopter.principal_id,
        subject=origin,
        data={"root": status.root.hex(), "size": status.size},
    )
    return await ledger.adopt(compose(draft, snapshot, salt))


def _check_may_adopt(entity: Entity | None, adopter: Adopter) -> None:
    """Return only for a principal that may act: the entry must name somebody who can be asked."""
    if entity is None:
        raise DeniedError("APPROVER_INELIGIBLE", f"{adopter.principal_id} is not enrolled: it vouches for nothing")
    if not stored_principal(entity).active_at(adopter.at):
        raise DeniedError("APPROVER_INELIGIBLE", f"{adopter.principal_id} was disabled: it vouches for nothing")
