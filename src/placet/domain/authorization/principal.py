"""Principals: persons, CI identities, agents and services, with their keys (protocol 6)."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from placet.domain.authorization.principal_identity import (
    PrincipalIdentity,
    check_identities,
    is_session_key_id,
    read_identity,
    with_revoked,
)
from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.record import Record
from placet.domain.encoding.ssh_public_key import SshPublicKey, parse_public_key
from placet.domain.values.time import format_instant
from placet.errors import DeniedError, InvalidInputError

_CODE = "PRINCIPAL_INVALID"
_INELIGIBLE = "APPROVER_INELIGIBLE"
_NAME = r"[A-Za-z0-9@._:/-]{1,200}"
ACCOUNT = r"[a-z0-9][a-z0-9.-]{0,63}:[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""`PROVIDER:ID`: an account by the provider's id here and the account's id there."""
PERSON = "person:" + _NAME
PRINCIPAL_ID = "(person|ci|agent|service):" + _NAME
"""Ids that can be enrolled. Unlike `plan.PRINCIPAL` without `*` and without the bootstrap key."""

_MOST_KEYS = 16


class PrincipalKind(StrEnum):
    """What a principal is. Only persons may approve, whatever else they hold."""

    PERSON = "person"
    CI = "ci"
    AGENT = "agent"
    SERVICE = "service"


class PrincipalKey(Struct, frozen=True, kw_only=True):
    """An enrolled SSH key. `revoked_at` is None while it is good.

    `verify_required` says that it is a hardware key which must verify who touches it.
    """

    public_key: SshPublicKey
    enrolled_at: datetime
    revoked_at: datetime | None = None
    verify_required: bool = False

    @property
    def key_id(self) -> str:
        """Return the key's fingerprint, `SHA256:…`."""
        return self.public_key.key_id

    def good_at(self, instant: datetime) -> bool:
        """Tell whether the key was enrolled and not revoked at `instant`."""
        return self.enrolled_at <= instant and (self.revoked_at is None or instant < self.revoked_at)

    def to_object(self) -> Object:
        """Return the members of the canonical object; `verify_required` only where it is so."""
        verifies: Object = {"verify_required": True} if self.verify_required else {}
        return {
            **verifies,
            "key_id": self.key_id,
            "public_key": self.public_key.line,
            "enrolled_at": format_instant(self.enrolled_at),
            "revoked_at": format_instant(self.revoked_at) if self.revoked_at else "",
        }


class Principal(Struct, frozen=True, kw_only=True):
    """Somebody or something that may act, by its id, never by a name.

    `on_behalf_of` is the person who owns an agent (always given for agents), CI identity or
    service; empty where there is none. `accounts` are its accounts at providers, `PROVIDER:ID`;
    `identities` the enrolments of what a person signs in with, in order, at most the last one good.
    `disabled_at` is None while the principal may act.
    """

    principal_id: str
    on_behalf_of: str
    keys: tuple[PrincipalKey, ...]
    enrolled_at: datetime
    disabled_at: datetime | None = None
    accounts: tuple[str, ...] = ()
    identities: tuple[PrincipalIdentity, ...] = ()

    @property
    def kind(self) -> PrincipalKind:
        """Return what the principal is, by its id."""
        return PrincipalKind(self.principal_id.partition(":")[0])

    def key(self, key_id: str) -> PrincipalKey | None:
        """Return the enrolled key of that fingerprint, revoked or not, or None."""
        return next((key for key in self.keys if key.key_id == key_id), None)

    def active_at(self, instant: datetime) -> bool:
        """Tell whether the principal may act at `instant`."""
        return self.enrolled_at <= instant and (self.disabled_at is None or instant < self.disabled_at)

    def with_key(self, key: PrincipalKey) -> Principal:
        """Return the principal with one more key, checked as `read_principal` checks it."""
        return checked(replace(self, keys=(*self.keys, key)))

    def with_key_revoked(self, key_id: str, at: datetime) -> Principal:
        """Return the principal with that key revoked; an earlier revocation stands.

        Raise `InvalidInputError` (`PRINCIPAL_INVALID`) where the key is not one of its own.
        """
        if self.key(key_id) is None:
            raise InvalidInputError(_CODE, f"{self.principal_id} has no key {key_id[:60]!a}")
        keys = tuple(
            replace(key, revoked_at=key.revoked_at or at) if key.key_id == key_id else key for key in self.keys
        )
        return replace(self, keys=keys)

    def with_accounts(self, accounts: tuple[str, ...]) -> Principal:
        """Return the principal with more accounts, checked as `read_principal` checks it."""
        return checked(replace(self, accounts=tuple(sorted({*self.accounts, *accounts}))))

    @property
    def identity(self) -> PrincipalIdentity | None:
        """Return what the person signs in with now, or None."""
        return next((each for each in self.identities if each.revoked_at is None), None)

    def identity_at(self, key_id: str, instant: datetime) -> PrincipalIdentity | None:
        """Return the enrolment of the identity behind `session:ID` that was good at `instant`, or None."""
        return next((each for each in self.identities if each.key_id == key_id and each.good_at(instant)), None)

    def with_identity(self, identity_id: str, at: datetime) -> Principal:
        """Return the principal as it signs in with this identity from `at` on; the one before is revoked then."""
        enrolled = PrincipalIdentity(identity_id=identity_id, enrolled_at=at)
        return checked(replace(self, identities=(*with_revoked(self.identities, at), enrolled)))

    def without_identity(self, at: datetime) -> Principal:
        """Return the principal as it signs in with nothing from `at` on."""
        return replace(self, identities=with_revoked(self.identities, at))

    def to_object(self) -> Object:
        """Return the members of the canonical object, without salt and index.

        `accounts` and `identities` stand only where there are any: principals of earlier releases have none.
        """
        accounts: Object = {"accounts": list(self.accounts)} if self.accounts else {}
        identities: Object = {"identities": [each.to_object() for each in self.identities]} if self.identities else {}
        return {
            **accounts,
            **identities,
            "principal_id": self.principal_id,
            "on_behalf_of": self.on_behalf_of,
            "keys": [key.to_object() for key in self.keys],
            "enrolled_at": format_instant(self.enrolled_at),
            "disabled_at": format_instant(self.disabled_at) if self.disabled_at else "",
        }


def read_principal(record: Record) -> Principal:
    """Return the principal whose members `record` holds, and nothing else.

    Raise `InvalidInputError` with the record's code, or those of `checked` and `parse_public_key`.
    """
    principal = Principal(
        principal_id=record.text("principal_id", PRINCIPAL_ID),
        on_behalf_of=record.text("on_behalf_of"),
        keys=record.list_of("keys", _read_key, most=_MOST_KEYS),
        enrolled_at=record.instant("enrolled_at"),
        disabled_at=record.optional_instant("disabled_at"),
        accounts=_accounts(record),
        identities=_identities(record),
    )
    record.end()
    return checked(principal)


def checked(principal: Principal) -> Principal:
    """Return `principal` if its members go together.

    Raise `InvalidInputError` (`PRINCIPAL_INVALID`) for an id outside the grammar, an owner that is
    no person, an agent without owner, a person with one, a key held twice, too many keys, a
    key in software that must verify its user, an account outside the grammar, and identities of
    what is no person, or of which two are good at once.
    """
    if re.fullmatch(PRINCIPAL_ID, principal.principal_id) is None:
        raise InvalidInputError(
            _CODE,
            f"{principal.principal_id[:80]!a} is no id of a principal",
            hint="ids are person:NAME, ci:NAME, agent:NAME or service:NAME",
        )
    owner = principal.on_behalf_of
    if owner and re.fullmatch(PERSON, owner) is None:
        raise InvalidInputError(_CODE, f"{owner[:80]!a}, on whose behalf it acts, is no person")
    if principal.kind is PrincipalKind.AGENT and not owner:
        raise InvalidInputError(_CODE, "an agent acts on behalf of a person", hint="say whose agent it is")
    if principal.kind is PrincipalKind.PERSON and owner:
        raise InvalidInputError(_CODE, "a person acts on nobody's behalf")
    _check_parts(principal)
    return principal


def _check_parts(principal: Principal) -> None:
    if len({key.key_id for key in principal.keys}) != len(principal.keys):
        raise InvalidInputError(_CODE, "a key is held twice")
    if len(principal.keys) > _MOST_KEYS:
        raise InvalidInputError(_CODE, f"a principal has at most {_MOST_KEYS} keys")
    for key in principal.keys:
        if key.verify_required and not key.public_key.hardware_backed:
            raise InvalidInputError(_CODE, f"{key.key_id} is no hardware key: it verifies nobody")
    for account in principal.accounts:
        if re.fullmatch(ACCOUNT, account) is None:
            raise InvalidInputError(_CODE, f"{account[:80]!a} is no account", hint="PROVIDER:ID, say github:12345")
    if principal.identities and principal.kind is not PrincipalKind.PERSON:
        raise InvalidInputError(_CODE, "only persons sign in", hint="programs show an API key: placet key create")
    check_identities(principal.identities)


def check_may_approve(
    principal: Principal | None, key_id: str, at: datetime, *, said_at: datetime | None = None
) -> None:
    """Return only if `principal` is a person, and person and key were good at `at`.

    `key_id` may stand for a session: then the identity that had signed in must be good, by the same
    enrolment as at `said_at`. Raise `DeniedError` (`APPROVER_INELIGIBLE`) where the principal is
    unknown, disabled or no person, and where key or identity is not enrolled for it or revoked.
    """
    if principal is None:
        raise DeniedError(_INELIGIBLE, "the approver is not enrolled")
    if principal.kind is not PrincipalKind.PERSON:
        raise DeniedError(_INELIGIBLE, f"{principal.principal_id} is no person: its keys never approve")
    if not principal.active_at(at):
        raise DeniedError(_INELIGIBLE, f"{principal.principal_id} was disabled, or was not enrolled then")
    key = principal.identity_at(key_id, said_at or at) if is_session_key_id(key_id) else principal.key(key_id)
    if key is None:
        raise DeniedError(_INELIGIBLE, f"the key is not one that {principal.principal_id} enrolled")
    if not key.good_at(at):
        raise DeniedError(_INELIGIBLE, f"the key of {principal.principal_id} is revoked, or was not enrolled then")


def _read_key(value: Value) -> PrincipalKey:
    record = Record(value, what="principal's key", code=_CODE)
    line = record.text("public_key")
    if verifies := record.holds("verify_required"):
        record.constant("verify_required", expected=True)
    key = PrincipalKey(
        verify_required=verifies,
        public_key=parse_public_key(line),
        enrolled_at=record.instant("enrolled_at"),
        revoked_at=record.optional_instant("revoked_at"),
    )
    record.constant("key_id", key.key_id)
    if key.public_key.line != line:
        record.refuse("is not in its one spelling")
    record.end()
    return key


def _accounts(record: Record) -> tuple[str, ...]:
    if not record.holds("accounts"):
        return ()
    accounts = record.texts("accounts", ACCOUNT)
    if not accounts or list(accounts) != sorted(set(accounts)):
        record.refuse("does not have its accounts in order, each once")
    return accounts


def _identities(record: Record) -> tuple[PrincipalIdentity, ...]:
    if not record.holds("identities"):
        return ()
    return record.list_of("identities", read_identity) or record.refuse("has an empty list of identities")
