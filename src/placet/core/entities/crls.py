"""The X.509 revocation list that was issued last, per issuer: its number never falls (contract 3, ADR 22)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.core.entities.stored import record_of, with_index
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey
from placet.domain.values.digest import Digest
from placet.domain.values.time import format_instant


class IssuedCrl(Struct, frozen=True, kw_only=True):
    """The newest list of one issuer. `count` is how many revocations there were in all when it was made.

    `digest` names its DER among the blobs; where it is lost there, the next list is due.
    """

    issuer: str
    number: int
    count: int
    digest: Digest
    this_update: datetime

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        return with_index(self.members(), [])

    def members(self) -> Object:
        """Return what the entity and the entry that records it say."""
        return {
            "issuer": self.issuer,
            "number": self.number,
            "count": self.count,
            "digest": self.digest,
            "this_update": format_instant(self.this_update),
        }


def crl_key(issuer: str) -> EntityKey:
    """Return the key of the newest list of the issuer with this key identifier (hex)."""
    return EntityKey(f"crl/{issuer}")


def read_issued_crl(entity: Entity) -> IssuedCrl:
    """Return the newest list's record."""
    record = record_of(entity, "revocation list's record")
    issued = IssuedCrl(
        issuer=record.text("issuer", r"[0-9a-f]{40}"),
        number=record.integer("number"),
        count=record.integer("count"),
        digest=record.digest("digest"),
        this_update=record.instant("this_update"),
    )
    record.end()
    return issued
