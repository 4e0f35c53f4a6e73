"""Create an API key for a principal, or one that follows another (protocol 6, contract 1)."""

from __future__ import annotations

from datetime import datetime

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.credentials import Credential, credential_key, read_credential
from placet.core.entities.governance import principal_key, stored_principal
from placet.core.entities.stored import required
from placet.domain.authorization.api_key import MOST_SCOPES, NAME, parse_scope
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.shown_token import SHORT_ID
from placet.domain.encoding.record import Record
from placet.domain.log.change import EntityKey
from placet.domain.values.time import format_instant
from placet.errors import InvalidInputError


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    rotates = operation.params.get("rotates", "")
    followed = {credential_key(rotates)} if isinstance(rotates, str) and rotates else set[EntityKey]()
    return {principal_key(operation.subject.name)} | followed


def _perform(performance: Performance) -> Deed:
    """Record the key by its digest; the one that it follows ends with it.

    Raise `NotFoundError` where the principal is not enrolled or there is no key to follow, and
    `InvalidInputError` (`KEY_INVALID`) where the principal is disabled, the key ends before it
    begins, or the followed one was revoked or is somebody else's.
    """
    now, principal_id = performance.now, performance.operation.subject.name
    principal = stored_principal(
        required(performance.snapshot, principal_key(principal_id), f"principal {principal_id}")
    )
    asked = Record(dict(performance.operation.params), what="key's plan", code="PLAN_INVALID")
    key = Credential(
        credential_id=f"key_{asked.text('key_id', SHORT_ID)}",
        name=asked.text("name", NAME),
        principal_id=principal_id,
        scopes=tuple(parse_scope(each) for each in asked.texts("scopes")),
        digest=asked.digest("digest"),
        created_at=now,
        expires_at=asked.instant("expires_at"),
        rotates=asked.text("rotates"),
    )
    if not principal.active_at(now) or not key.good_at(now) or not 0 < len(key.scopes) <= MOST_SCOPES:
        raise InvalidInputError(
            "KEY_INVALID", "the principal is disabled, the key would be over already, or has no scope"
        )
    ended = {each.key: each.to_object() for each in _followed(performance, key)}
    return Deed(
        type="key.created",
        data={
            "key_id": key.credential_id,
            "principal_id": principal_id,
            "scopes": [str(each) for each in key.scopes],
            "expires_at": format_instant(key.expires_at),
            "rotates": key.rotates,
            "receipt": performance.receipt,
        },
        writes={key.key: key.to_object(), **ended},
        once=(f"credential/{key.credential_id}",),
        response={"key_id": key.credential_id},
    )


def _followed(performance: Performance, key: Credential) -> tuple[Credential, ...]:
    """Return the key that is followed, as it is from now on."""
    if not key.rotates:
        return ()
    old = read_credential(required(performance.snapshot, credential_key(key.rotates), "key"))
    if old.principal_id != key.principal_id or old.revoked_at is not None:
        raise InvalidInputError("KEY_INVALID", f"{key.rotates} was revoked, or is not a key of {key.principal_id}")
    return (old.revoked(performance.now),)


ACT = Act(premises=_premises, perform=_perform)
