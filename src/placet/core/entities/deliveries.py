"""Who brought which bytes over the network: whoever did may name them by digest, and nobody else (attacks A87)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.core.entities.stored import record_of, with_index
from placet.domain.authorization.principal import PRINCIPAL_ID
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey
from placet.domain.values.digest import Digest
from placet.domain.values.time import format_instant


class Delivery(Struct, frozen=True, kw_only=True):
    """Bytes that a principal uploaded whole: their digest and size, and when."""

    principal_id: str
    digest: Digest
    size: int
    delivered_at: datetime

    @property
    def key(self) -> EntityKey:
        """Return `delivery/DIGEST/PRINCIPAL`."""
        return delivery_key(self.principal_id, self.digest)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            "principal_id": self.principal_id,
            "digest": self.digest,
            "size": self.size,
            "delivered_at": format_instant(self.delivered_at),
        }
        return with_index(members, [])


def delivery_key(principal_id: str, digest: Digest) -> EntityKey:
    """Return the key of what a principal uploaded under a digest."""
    return EntityKey(f"delivery/{digest}/{principal_id}")


def read_delivery(entity: Entity) -> Delivery:
    """Return the delivery that the entity holds."""
    record = record_of(entity, "delivery")
    delivery = Delivery(
        principal_id=record.text("principal_id", PRINCIPAL_ID),
        digest=record.digest("digest"),
        size=record.integer("size"),
        delivered_at=record.instant("delivered_at"),
    )
    record.end()
    return delivery
