"""The identity that a person signs in with: at most one at a time, each remembered for ever (protocol 6).

An identity is an issuer's subject. Here it is known by an id alone, which the issuer's record
makes of it (`issuer.Issuer.identity_id`): principals stand in entries, where nothing else about a
person belongs.
"""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.record import Record
from placet.domain.values.time import format_instant
from placet.errors import InvalidInputError

IDENTITY_ID = r"[0-9a-f]{64}"
MOST_IDENTITIES = 64
"""How many enrolments one person may have gone through: each disabling ends one."""
SESSION_KEY_ID = "session:" + IDENTITY_ID
"""What stands for a key in what was said in a session: the identity that had signed in."""

_CODE = "PRINCIPAL_INVALID"
_PREFIX = "session:"


class PrincipalIdentity(Struct, frozen=True, kw_only=True):
    """One enrolment of an identity. `revoked_at` is None while its holder may sign in with it."""

    identity_id: str
    enrolled_at: datetime
    revoked_at: datetime | None = None

    @property
    def key_id(self) -> str:
        """Return what stands for a key in approvals that were given in its sessions."""
        return session_key_id(self.identity_id)

    def good_at(self, instant: datetime) -> bool:
        """Tell whether the identity was enrolled and not revoked at `instant`."""
        return self.enrolled_at <= instant and (self.revoked_at is None or instant < self.revoked_at)

    def to_object(self) -> Object:
        """Return the members of the canonical object."""
        return {
            "identity_id": self.identity_id,
            "enrolled_at": format_instant(self.enrolled_at),
            "revoked_at": format_instant(self.revoked_at) if self.revoked_at else "",
        }


def session_key_id(identity_id: str) -> str:
    """Return `session:ID`, what stands for a key in approvals that were given in a session."""
    return _PREFIX + identity_id


def is_session_key_id(key_id: str) -> bool:
    """Tell whether `key_id` stands for a session instead of a key."""
    return re.fullmatch(SESSION_KEY_ID, key_id) is not None


def with_revoked(identities: tuple[PrincipalIdentity, ...], at: datetime) -> tuple[PrincipalIdentity, ...]:
    """Return the identities with the present one revoked at `at`; earlier revocations stand."""
    return tuple(replace(each, revoked_at=each.revoked_at or at) for each in identities)


def read_identity(value: Value) -> PrincipalIdentity:
    """Return the enrolment that `value` holds; raise `InvalidInputError` (`PRINCIPAL_INVALID`)."""
    record = Record(value, what="principal's identity", code=_CODE)
    identity = PrincipalIdentity(
        identity_id=record.text("identity_id", IDENTITY_ID),
        enrolled_at=record.instant("enrolled_at"),
        revoked_at=record.optional_instant("revoked_at"),
    )
    record.end()
    return identity


def check_identities(identities: tuple[PrincipalIdentity, ...]) -> None:
    """Return only if at most the last one is good, and all follow one another.

    Raise `InvalidInputError` (`PRINCIPAL_INVALID`): with two at once, one person could be signed
    in under either, and neither would be theirs alone to revoke.
    """
    if len(identities) > MOST_IDENTITIES:
        raise InvalidInputError(_CODE, f"a person goes through at most {MOST_IDENTITIES} identities")
    for before, after in pairwise(identities):
        if before.revoked_at is None or before.revoked_at > after.enrolled_at:
            raise InvalidInputError(_CODE, "a person has one identity at a time")
