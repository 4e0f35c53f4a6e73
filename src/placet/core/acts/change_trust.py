"""Trust an issuer of identity tokens, on other terms, or no more (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.stored import entity_of, required
from placet.core.entities.trust import issuer_key, issuer_object, stored_issuer
from placet.domain.authorization.issuer import PEPPER_BYTES, Issuer, check_url, read_terms
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import EntityKey
from placet.errors import InvalidInputError

TRUSTED, REMOVED = "trusted", "removed"


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    return {issuer_key(operation.subject.name)}


def _perform(performance: Performance) -> Deed:
    """Record the issuer as the parameters say.

    One that is removed ends all sessions of its people, and what they approved in them stops
    counting, also where it is trusted again later. What makes ids of its subjects stays, so that
    everybody is who they were. Raise `NotFoundError` where one is to be removed that never was there,
    and `InvalidInputError` (`ISSUER_INVALID`) for a malformed record, or where nothing would change.
    """
    key = issuer_key(performance.operation.subject.name)
    changed = _removed(performance, key) if performance.text("state") == REMOVED else _trusted(performance, key)
    return Deed(
        type="trust.changed",
        data={"receipt": performance.receipt, "issuer": changed.url, "state": performance.text("state")},
        writes={key: issuer_object(changed)},
        response={"issuer": changed.url, "state": performance.text("state")},
    )


def _removed(performance: Performance, key: EntityKey) -> Issuer:
    return stored_issuer(required(performance.snapshot, key, "issuer")).distrusted_from(performance.now)


def _trusted(performance: Performance, key: EntityKey) -> Issuer:
    if performance.text("state") != TRUSTED:
        raise InvalidInputError("ISSUER_INVALID", f"{performance.text('state')[:40]!a} is no state of an issuer")
    params = {name: value for name, value in performance.operation.params.items() if name != "state"}
    standing = entity_of(performance.snapshot, key)
    before = stored_issuer(standing) if standing else None
    pepper = before.pepper if before else performance.context.randomness.token(PEPPER_BYTES)
    issuer = Issuer(
        url=check_url(performance.operation.subject.name),
        terms=read_terms(params),
        pepper=pepper,
        trusts=before.trusts if before else (),
    ).trusted_from(performance.now)
    if issuer == before:
        raise InvalidInputError("ISSUER_INVALID", f"{issuer.url} is trusted on these terms: nothing would change")
    return issuer


ACT = Act(premises=_premises, perform=_perform)
