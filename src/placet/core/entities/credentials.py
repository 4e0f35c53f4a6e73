"""Credentials that let somebody ask over the network: API keys by their digest, and sessions (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from placet.core.entities.stored import record_of, remembered, with_index
from placet.domain.authorization.api_key import NAME, Scope, parse_scope
from placet.domain.authorization.principal import PRINCIPAL_ID
from placet.domain.authorization.principal_identity import IDENTITY_ID
from placet.domain.authorization.shown_token import CredentialKind
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey
from placet.domain.values.digest import Digest
from placet.domain.values.time import format_instant

CREDENTIAL_ID = r"(key|session)_[0-9A-Za-z]{12,32}"


class Credential(Struct, frozen=True, kw_only=True):
    """Who may ask with it, for what, and how long. What is shown is known by its digest alone.

    `name` is for people; `rotates` names the key that this one follows, empty where it is the first.
    A session has no scopes: its person is its scope. `identity_id` is who had signed in then, and
    `issuer` who said so; both are empty for keys.
    """

    credential_id: str
    name: str
    principal_id: str
    scopes: tuple[Scope, ...]
    digest: Digest
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    rotates: str = ""
    identity_id: str = ""
    issuer: str = ""

    @property
    def key(self) -> EntityKey:
        """Return `credential/ID`."""
        return credential_key(self.credential_id)

    @property
    def kind(self) -> CredentialKind:
        """Return what it is, by its id."""
        return CredentialKind(self.credential_id.partition("_")[0])

    def good_at(self, instant: datetime) -> bool:
        """Tell whether it lets anybody ask at `instant`."""
        return instant < self.expires_at and (self.revoked_at is None or instant < self.revoked_at)

    def ended(self, at: datetime) -> Credential:
        """Return it as over in order at `at`: a person signed out, and what they said before stands."""
        return replace(self, expires_at=min(self.expires_at, at))

    def revoked(self, at: datetime) -> Credential:
        """Return it as revoked; an earlier revocation stands."""
        return replace(self, revoked_at=self.revoked_at or at)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            "credential_id": self.credential_id,
            "name": self.name,
            "principal_id": self.principal_id,
            "scopes": [str(each) for each in self.scopes],
            "digest": self.digest,
            "created_at": format_instant(self.created_at),
            "expires_at": format_instant(self.expires_at),
            "revoked_at": format_instant(self.revoked_at) if self.revoked_at else "",
            "rotates": self.rotates,
            "identity_id": self.identity_id,
            "issuer": self.issuer,
        }
        return with_index(members, [(f"credential_{self.kind.value}", self.credential_id)])


def credential_key(credential_id: str) -> EntityKey:
    """Return the key of a credential."""
    return EntityKey(f"credential/{credential_id}")


@remembered
def read_credential(entity: Entity) -> Credential:
    """Return the credential that the entity holds."""
    record = record_of(entity, "credential")
    credential = Credential(
        credential_id=record.text("credential_id", CREDENTIAL_ID),
        name=record.text("name", NAME),
        principal_id=record.text("principal_id", PRINCIPAL_ID),
        scopes=tuple(parse_scope(each) for each in record.texts("scopes")),
        digest=record.digest("digest"),
        created_at=record.instant("created_at"),
        expires_at=record.instant("expires_at"),
        revoked_at=record.optional_instant("revoked_at"),
        rotates=record.text("rotates"),
        identity_id=record.later_text("identity_id", f"({IDENTITY_ID})?"),
        issuer=record.later_text("issuer"),
    )
    record.end()
    return credential


class LastUse(Struct, frozen=True, kw_only=True):
    """When a credential was last seen, to the hour: more would be an entry for every request."""

    credential_id: str
    used_at: datetime

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {"credential_id": self.credential_id, "used_at": format_instant(self.used_at)}
        return with_index(members, [])


def last_use_key(credential_id: str) -> EntityKey:
    """Return the key of when a credential was last seen."""
    return EntityKey(f"credential_use/{credential_id}")


@remembered
def read_last_use(entity: Entity) -> LastUse:
    """Return what the entity holds."""
    record = record_of(entity, "last use")
    use = LastUse(credential_id=record.text("credential_id", CREDENTIAL_ID), used_at=record.instant("used_at"))
    record.end()
    return use
