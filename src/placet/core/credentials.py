"""Whether what somebody showed counts: to ask with, for what was asked with it, and for what was approved in it.

A key is good or it is not. A session that ends in order, by its time or by signing out, leaves
standing what its person asked and approved before (protocol 6). One that was revoked does not, nor
one whose person lost the identity, nor one whose issuer was trusted no more at some time since.
"""

from __future__ import annotations

from datetime import datetime

from placet.core.context import Context
from placet.core.entities.credentials import Credential, credential_key, read_credential
from placet.core.entities.governance import principal_key, stored_principal
from placet.core.entities.stored import entity_of
from placet.core.entities.trust import issuer_key, stored_issuer
from placet.domain.authorization.principal import Principal
from placet.domain.authorization.principal_identity import session_key_id
from placet.domain.authorization.shown_token import CredentialKind
from placet.domain.log.change import EntityKey, Snapshot
from placet.errors import DeniedError


def credential_premises(snapshot: Snapshot | None, credential_id: str) -> set[EntityKey]:
    """Return what tells whether a credential counts, as far as `snapshot` tells; nothing for an empty id."""
    if not credential_id:
        return set()
    key = credential_key(credential_id)
    stored = entity_of(snapshot, key) if snapshot else None
    if stored is None:
        return {key}
    credential = read_credential(stored)
    issuer = {issuer_key(credential.issuer)} if credential.issuer else set()
    return {key, principal_key(credential.principal_id)} | issuer


def check_caller(context: Context, snapshot: Snapshot, now: datetime) -> None:
    """Return where what the caller showed is still good; raise `DeniedError` (`STALE_REQUESTER`).

    For changes that a caller asks for directly; `credential_premises` of the context's must be loaded.
    """
    if not context.credential_id:
        return
    shown = entity_of(snapshot, credential_key(context.credential_id))
    if shown is None or not _good(snapshot, read_credential(shown), now):
        raise DeniedError("STALE_REQUESTER", "what was shown was revoked meanwhile, or is out of time")


def _good(snapshot: Snapshot, credential: Credential, at: datetime) -> bool:
    holder = entity_of(snapshot, principal_key(credential.principal_id))
    return holder is not None and good_for(snapshot, credential, stored_principal(holder), at)


def still_vouched_for(snapshot: Snapshot, credential_id: str, at: datetime) -> bool:
    """Tell whether at `at` nothing was held against a session since it began; `credential_premises` must be loaded."""
    stored = entity_of(snapshot, credential_key(credential_id))
    if stored is None:
        return False
    session = read_credential(stored)
    issuer = entity_of(snapshot, issuer_key(session.issuer))
    return (
        issuer is not None
        and (session.revoked_at is None or at < session.revoked_at)
        and stored_issuer(issuer).trusted_throughout(session.created_at, at)
    )


def good_for(snapshot: Snapshot, credential: Credential, principal: Principal, at: datetime) -> bool:
    """Tell whether a credential lets its principal ask at `at`; `credential_premises` must be loaded."""
    return credential.good_at(at) and asked_in_order(snapshot, credential, principal, at)


def asked_in_order(snapshot: Snapshot, credential: Credential, principal: Principal, at: datetime) -> bool:
    """Tell whether what a principal asked with a credential goes on at `at`.

    A key must be good still. A session may be over, if nothing is held against it and its person is
    who had signed in, by the same enrolment.
    """
    if credential.kind is CredentialKind.KEY:
        return principal.active_at(at) and credential.good_at(at)
    enrolled = principal.identity_at(session_key_id(credential.identity_id), credential.created_at)
    return (
        principal.active_at(at)
        and enrolled is not None
        and enrolled.good_at(at)
        and still_vouched_for(snapshot, credential.credential_id, at)
    )
