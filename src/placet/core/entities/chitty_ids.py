"""ChittyIDs that were minted: which content each names, and since when (contract 3)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.core.entities.stored import record_of, with_index
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey
from placet.domain.log.entry import ACTOR
from placet.domain.values.chitty_id import CHITTY_ID, ChittyType, Namespace
from placet.domain.values.digest import Digest
from placet.domain.values.time import format_instant


class MintedId(Struct, frozen=True, kw_only=True):
    """One name. `said` is the salted digest of what was said when it was minted first."""

    chitty_id: str
    content_hash: Digest
    namespace: Namespace
    chitty_type: ChittyType
    minted_by: str
    minted_at: datetime
    said: str = ""

    @property
    def key(self) -> EntityKey:
        """Return `chitty_id/ID`."""
        return minted_key(self.chitty_id)

    def names(self, content_hash: Digest, namespace: Namespace, chitty_type: ChittyType) -> bool:
        """Tell whether it is this content's name."""
        return (self.content_hash, self.namespace, self.chitty_type) == (content_hash, namespace, chitty_type)

    def to_object(self) -> Object:
        """Return the entity's members; it is found by its name alone."""
        members: Object = {
            "chitty_id": self.chitty_id,
            "content_hash": self.content_hash,
            "namespace": self.namespace.value,
            "type": self.chitty_type.value,
            "minted_by": self.minted_by,
            "minted_at": format_instant(self.minted_at),
            "said": self.said,
        }
        return with_index(members, [])


def minted_key(chitty_id: str) -> EntityKey:
    """Return the key of a name."""
    return EntityKey(f"chitty_id/{chitty_id}")


def read_minted(entity: Entity) -> MintedId:
    """Return the name that the entity holds."""
    record = record_of(entity, "ChittyID")
    minted = MintedId(
        chitty_id=record.text("chitty_id", CHITTY_ID),
        content_hash=record.digest("content_hash"),
        namespace=record.choice("namespace", Namespace),
        chitty_type=record.choice("type", ChittyType),
        minted_by=record.text("minted_by", ACTOR),
        minted_at=record.instant("minted_at"),
        said=record.text("said"),
    )
    record.end()
    return minted
