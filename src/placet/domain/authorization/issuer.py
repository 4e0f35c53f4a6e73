"""Issuers whose word on who somebody is counts here, and the identities that they name (protocol 6).

Whom an issuer's subjects are enrolled as is said elsewhere (`principal`); this record says where
it is, as whom we ask it, and how it signs. That it is trusted is said by governed acts alone.
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

from msgspec import Struct
from msgspec.structs import replace

from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.record import Record
from placet.domain.values.time import format_instant
from placet.domain.values.unshown import Unshown
from placet.errors import InvalidInputError

CODE = "ISSUER_INVALID"
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384")
"""Signatures of tokens that an issuer may be trusted with; none of a shared secret, and not `none`."""
SUBJECT = r"[!-~]{1,255}"
PEPPER_BYTES = 32
_URL = re.compile(r"https?://[a-z0-9.:\[\]-]{1,200}(/[A-Za-z0-9._~-]+)*/?")
_LONGEST_URL = 256
_CLIENT_ID = r"[!-~]{1,256}"
_NAMED = r"(env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:/[ -~]{1,1000})?"
_MOST_TRUSTS = 1000


class Purpose(StrEnum):
    """What an issuer's tokens are good for."""

    PEOPLE = "people"


class Trust(Struct, frozen=True, kw_only=True):
    """A time in which an issuer was trusted; `until` is None while it is."""

    since: datetime
    until: datetime | None = None

    def holds(self, first: datetime, last: datetime) -> bool:
        """Tell whether it lasted from `first` to `last` without a break."""
        return self.since <= first and (self.until is None or last < self.until)

    def to_object(self) -> Object:
        """Return the members of the canonical object."""
        return {"since": format_instant(self.since), "until": format_instant(self.until) if self.until else ""}


class Terms(Struct, frozen=True, kw_only=True):
    """On what terms an issuer is trusted: who we are to it, and which signatures of it are believed.

    `client_secret` is empty, `env:NAME` or `file:PATH`, never the secret itself. `algorithms` hold
    whatever a token says. `private` says that its host lies in a private network.
    """

    client_id: str
    client_secret: str
    algorithms: tuple[str, ...]
    private: bool = False
    purpose: Purpose = Purpose.PEOPLE

    def to_object(self) -> Object:
        """Return the members of the canonical object: also the parameters of the act that is approved."""
        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "algorithms": list(self.algorithms),
            "private": self.private,
            "purpose": self.purpose.value,
        }


class Issuer(Unshown, frozen=True, kw_only=True):
    """One issuer, by its URL exactly as its tokens spell it.

    `pepper` makes subjects into ids; it is made once, and no entry holds it. `trusts` are the
    times in which the issuer was trusted, in order.
    """

    url: str
    terms: Terms
    pepper: bytes
    trusts: tuple[Trust, ...] = ()

    @property
    def trusted(self) -> bool:
        """Tell whether it is trusted now."""
        return bool(self.trusts) and self.trusts[-1].until is None

    def trusted_throughout(self, first: datetime, last: datetime) -> bool:
        """Tell whether it was trusted from `first` to `last` without a break."""
        return any(each.holds(first, last) for each in self.trusts)

    def identity_id(self, subject: str) -> str:
        """Return the id by which `subject` of this issuer is known here, and by which nobody finds the subject."""
        return hmac.digest(self.pepper, subject.encode("ascii"), "sha256").hex()

    def trusted_from(self, at: datetime) -> Issuer:
        """Return it as trusted from `at` on; where it is already, since when it is stands."""
        return self if self.trusted else replace(self, trusts=(*self.trusts, Trust(since=at)))

    def distrusted_from(self, at: datetime) -> Issuer:
        """Return it as trusted no more; raise `InvalidInputError` (`ISSUER_INVALID`) where it is not trusted."""
        if not self.trusted:
            _refuse(f"{self.url} is not trusted: nothing would change")
        return replace(self, trusts=(*self.trusts[:-1], replace(self.trusts[-1], until=at)))

    def to_object(self) -> Object:
        """Return the members of the canonical object, without salt and index."""
        return {
            "url": self.url,
            "terms": self.terms.to_object(),
            "pepper": self.pepper.hex(),
            "trusts": [each.to_object() for each in self.trusts],
        }


class Identity(Struct, frozen=True, kw_only=True):
    """A subject of an issuer, as both spell it: who somebody is where they sign in."""

    issuer: str
    subject: str

    def __str__(self) -> str:
        """Return `ISSUER#SUBJECT`, as people write it."""
        return f"{self.issuer}#{self.subject}"

    def to_object(self) -> Object:
        """Return the two members of the canonical object."""
        return {"issuer": self.issuer, "subject": self.subject}


def parse_identity(text: str) -> Identity:
    """Return the identity that `ISSUER#SUBJECT` spells; raise `InvalidInputError` (`ISSUER_INVALID`)."""
    issuer, mark, subject = text.partition("#")
    if not mark:
        _refuse(f"{text[:120]!a} is no identity")
    return read_identity_of({"issuer": issuer, "subject": subject})


def read_identity_of(value: Value) -> Identity:
    """Return the identity whose members `value` holds; raise `InvalidInputError` (`ISSUER_INVALID`)."""
    record = Record(value, what="identity", code=CODE)
    identity = Identity(issuer=check_url(record.text("issuer")), subject=record.text("subject", SUBJECT))
    record.end()
    return identity


def check_url(url: str) -> str:
    """Return `url` where an issuer may have it: no query, no fragment, no user; its host in lower case.

    Raise `InvalidInputError` (`ISSUER_INVALID`). Whether it may be asked, the way out decides.
    """
    if _URL.fullmatch(url) is None or len(url) > _LONGEST_URL:
        _refuse("the address is no issuer's")
    return url


def read_issuer(record: Record) -> Issuer:
    """Return the issuer whose members `record` holds, and nothing else; raise as `Record` and `check_url`."""
    issuer = Issuer(
        url=check_url(record.text("url")),
        terms=read_terms(record.object("terms")),
        pepper=bytes.fromhex(record.text("pepper", f"[0-9a-f]{{{2 * PEPPER_BYTES}}}")),
        trusts=record.list_of("trusts", _read_trust, most=_MOST_TRUSTS),
    )
    record.end()
    return issuer


def read_terms(value: Value) -> Terms:
    """Return the terms whose members `value` holds; raise `InvalidInputError` (`ISSUER_INVALID`)."""
    record = Record(value, what="issuer's record", code=CODE)
    terms = Terms(
        client_id=record.text("client_id", _CLIENT_ID),
        client_secret=record.text("client_secret", _NAMED),
        algorithms=record.texts("algorithms", "|".join(ALGORITHMS)),
        private=record.flag("private"),
        purpose=record.choice("purpose", Purpose),
    )
    record.end()
    if not terms.algorithms or len(set(terms.algorithms)) != len(terms.algorithms):
        record.refuse("names no algorithm, or one twice")
    return terms


def _read_trust(value: Value) -> Trust:
    record = Record(value, what="trust", code=CODE)
    trust = Trust(since=record.instant("since"), until=record.optional_instant("until"))
    record.end()
    return trust


def _refuse(reason: str) -> NoReturn:
    raise InvalidInputError(
        CODE, reason, hint="give the issuer's URL exactly as its tokens and its discovery document spell it"
    )
