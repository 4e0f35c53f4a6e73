"""Revocation: from when on a certificate's signatures do not count (protocol 8, attacks A60)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from placet.domain.certificate.identifiers import CERTIFICATE_ID
from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.record import Record
from placet.domain.values.time import format_instant
from placet.errors import InvalidInputError, VerificationError

_CODE = "REVOCATION_MALFORMED"


class RevocationReason(StrEnum):
    """Why a certificate was revoked, in the words of X.509 (RFC 5280, 5.3.1). Free text stays out of the ledger."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key_compromise"
    AFFILIATION_CHANGED = "affiliation_changed"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessation_of_operation"
    PRIVILEGE_WITHDRAWN = "privilege_withdrawn"


def parse_reason(text: str) -> RevocationReason:
    """Return the reason spelled `text`, or raise `InvalidInputError` (`REASON_INVALID`)."""
    try:
        return RevocationReason(text)
    except ValueError as error:
        raise InvalidInputError(
            "REASON_INVALID", f"{text[:40]!r} is no reason", hint=f"reasons are {', '.join(RevocationReason)}"
        ) from error


def reason_in(text: str) -> RevocationReason:
    """Return the reason that a client's own words name, in any usual spelling (`keyCompromise`), else `unspecified`."""
    word = re.sub(r"(?<=[a-z])(?=[A-Z])|[ -]+", "_", text.strip()[:64]).lower()
    return RevocationReason(word) if word in frozenset(RevocationReason) else RevocationReason.UNSPECIFIED


class Revocation(Struct, frozen=True, kw_only=True):
    """That a certificate is revoked; signatures logged at or after `invalid_since` do not count."""

    certificate_id: str
    reason: RevocationReason
    revoked_at: datetime
    invalid_since: datetime

    def tightened(self, other: Revocation) -> Revocation:
        """Return what holds when `other` is said after this one: the stricter, never less than this.

        Who learns later that a key was stolen earlier says so; `revoked_at` stays the first time. That it
        was stolen is never unsaid, and is said also where it makes nothing more void.
        """
        earlier = other.invalid_since < self.invalid_since
        reason = other.reason if earlier else self.reason
        if RevocationReason.KEY_COMPROMISE in (self.reason, other.reason):
            reason = RevocationReason.KEY_COMPROMISE
        return replace(self, reason=reason, invalid_since=min(self.invalid_since, other.invalid_since))

    def covers(self, older: Revocation) -> bool:
        """Tell whether nothing that `older` made void counts again under this one."""
        return self.certificate_id == older.certificate_id and self.invalid_since <= older.invalid_since

    def to_object(self) -> Object:
        """Return the members of the canonical object."""
        return {
            "certificate_id": self.certificate_id,
            "reason": self.reason.value,
            "revoked_at": format_instant(self.revoked_at),
            "invalid_since": format_instant(self.invalid_since),
        }


def read_revocation(value: Value) -> Revocation:
    """Return the revocation that `value` holds, or raise `InvalidInputError` (`REVOCATION_MALFORMED`).

    `invalid_since` may lie before `revoked_at` (a theft is found late), never after.
    """
    record = Record(value, what="revocation", code=_CODE)
    revocation = Revocation(
        certificate_id=record.text("certificate_id", CERTIFICATE_ID),
        reason=record.choice("reason", RevocationReason),
        revoked_at=record.instant("revoked_at"),
        invalid_since=record.instant("invalid_since"),
    )
    record.end()
    if revocation.invalid_since > revocation.revoked_at:
        record.refuse("is invalid only after it was revoked")
    return revocation


def check_not_revoked(certificate_id: str, revocations: Iterable[Revocation], *, at: datetime) -> None:
    """Check that no revocation makes a signature logged `at` that time void.

    Raise `VerificationError` (`CERTIFICATE_REVOKED`) exactly when one has `invalid_since` ≤ `at`:
    what was published before stays good, what was published since does not.
    """
    for each in revocations:
        if each.certificate_id == certificate_id and each.invalid_since <= at:
            raise VerificationError(
                "CERTIFICATE_REVOKED",
                f"{certificate_id} was revoked at {format_instant(each.revoked_at)} ({each.reason.value}); its "
                f"signatures do not count since {format_instant(each.invalid_since)}",
            )
