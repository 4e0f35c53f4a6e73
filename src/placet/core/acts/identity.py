"""What a person signs in with, as acts that enrol and change principals give it (protocol 6)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from placet.core.acts.act import Performance
from placet.core.entities.stored import required
from placet.core.entities.trust import IdentityHolder, issuer_key, stored_issuer
from placet.domain.authorization.issuer import CODE, Identity, read_identity_of
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.principal import Principal
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey
from placet.errors import InvalidInputError

IDENTITY, NONE = "identity", "none"


class IdentityChange(Struct, frozen=True, kw_only=True):
    """A principal as it signs in from now on, and what is written so that nobody else ever signs in so."""

    principal: Principal
    writes: Mapping[EntityKey, Object | None] = field(default_factory=dict)
    once: tuple[str, ...] = ()


def identity_premises(operation: Operation) -> set[EntityKey]:
    """Return the issuer that the operation's identity is of; nothing where it names none."""
    value = operation.params.get(IDENTITY)
    issuer = value.get("issuer") if isinstance(value, dict) else None
    return {issuer_key(issuer)} if isinstance(issuer, str) else set()


def changed_identity(performance: Performance, principal: Principal) -> IdentityChange:
    """Return the principal with the identity that the parameters give, without any where they say `none`.

    Without the parameter nothing changes. Raise `NotFoundError` for an issuer that never was there,
    and `InvalidInputError` (`ISSUER_INVALID`, `PRINCIPAL_INVALID`) for a malformed identity, one of an
    issuer that is not trusted, one of what is no person, or where nothing would change.
    """
    value = performance.operation.params.get(IDENTITY)
    if value is None:
        return IdentityChange(principal=principal)
    present = principal.identity
    if value == NONE:
        if present is None:
            raise InvalidInputError("PRINCIPAL_INVALID", f"{principal.principal_id} signs in with nothing already")
        return IdentityChange(principal=principal.without_identity(performance.now))
    identity = read_identity_of(value)
    identity_id = _identity_id(performance, identity)
    if present is not None and present.identity_id == identity_id:
        raise InvalidInputError("PRINCIPAL_INVALID", f"{principal.principal_id} signs in so already")
    changed = principal.with_identity(identity_id, performance.now)
    if any(each.identity_id == identity_id for each in principal.identities):
        return IdentityChange(principal=changed)  # it was theirs before, and is for ever
    holder = IdentityHolder(identity_id=identity_id, identity=identity, principal_id=principal.principal_id)
    return IdentityChange(principal=changed, writes={holder.key: holder.to_object()}, once=(f"identity/{identity_id}",))


def _identity_id(performance: Performance, identity: Identity) -> str:
    issuer = stored_issuer(required(performance.snapshot, issuer_key(identity.issuer), "issuer"))
    if not issuer.trusted:
        raise InvalidInputError(CODE, f"{issuer.url} is not trusted", hint="first: placet issuer add")
    return issuer.identity_id(identity.subject)
