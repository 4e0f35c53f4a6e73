"""Issuers that are trusted or were, and whose each of their identities is (protocol 6)."""

from __future__ import annotations

from msgspec import Struct

from placet.core.entities.stored import record_of, with_index
from placet.domain.authorization.issuer import Identity, Issuer, read_identity_of, read_issuer
from placet.domain.authorization.principal import PERSON
from placet.domain.authorization.principal_identity import IDENTITY_ID
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey


def issuer_key(url: str) -> EntityKey:
    """Return the key of an issuer's record."""
    return EntityKey(f"issuer/{url}")


def issuer_object(issuer: Issuer) -> Object:
    """Return the issuer's entity, found in the list of issuers."""
    return with_index(issuer.to_object(), [("issuer", issuer.url)])


def stored_issuer(entity: Entity) -> Issuer:
    """Return the issuer that the entity holds."""
    return read_issuer(record_of(entity, "issuer"))


class IdentityHolder(Struct, frozen=True, kw_only=True):
    """Whose an identity is, for ever: the one place that holds the subject itself."""

    identity_id: str
    identity: Identity
    principal_id: str

    @property
    def key(self) -> EntityKey:
        """Return `identity/ID`."""
        return identity_key(self.identity_id)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            "identity_id": self.identity_id,
            "identity": self.identity.to_object(),
            "principal_id": self.principal_id,
        }
        return with_index(members, [])


def identity_key(identity_id: str) -> EntityKey:
    """Return the key of whose an identity is."""
    return EntityKey(f"identity/{identity_id}")


def read_identity_holder(entity: Entity) -> IdentityHolder:
    """Return what the entity holds."""
    record = record_of(entity, "identity")
    holder = IdentityHolder(
        identity_id=record.text("identity_id", IDENTITY_ID),
        identity=read_identity_of(record.object("identity")),
        principal_id=record.text("principal_id", PERSON),
    )
    record.end()
    return holder
