"""Whether an identity token, whose signature holds, is for us and for now (OpenID Connect Core 2 and 3.1.3.7).

Every claim stands in one table: what is not there is knowingly ignored, as issuers add claims of
their own, and none of them says anything here. Nothing in a token chooses how it is checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NoReturn, TypeGuard

from msgspec import Struct

from placet.domain.authorization.issuer import SUBJECT
from placet.domain.authorization.sign_in import CODE
from placet.domain.encoding.foreign_json import Json
from placet.errors import DeniedError

LEEWAY = timedelta(seconds=60)
"""How much the issuer's clock may differ from ours."""
OLDEST = timedelta(minutes=10)
"""How long ago a token may have been made: it is made for who has just signed in."""
_JTI = r"[!-~]{1,255}"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999."""


class Expected(Struct, frozen=True, kw_only=True):
    """What a token must say: whose it is, for whom, in answer to what, and when it is looked at."""

    issuer: str
    client_id: str
    nonce: str
    now: datetime


class IdentityToken(Struct, frozen=True, kw_only=True):
    """What is believed of a token: who signed in. `token_id` is empty where the issuer gives none."""

    issuer: str
    subject: str
    token_id: str


class Fate(Enum):
    """What becomes of a claim: it must be there and right, must be right if it is there, or says nothing here."""

    REQUIRED = "required"
    CHECKED = "checked"
    IGNORED = "ignored"


Check = Callable[[Json, Expected], bool]


def check_identity_token(claims: Mapping[str, Json], expected: Expected) -> IdentityToken:
    """Return who signed in, if every claim is as it must be.

    Raise `DeniedError` (`OIDC_INVALID`), naming the first claim that is not. Times have a leeway of
    `LEEWAY`; `aud` may be a list of one.
    """
    for name, (fate, holds) in CLAIMS.items():
        if name not in claims:
            if fate is Fate.REQUIRED:
                _refuse(f"the token has no {name}")
        elif not holds(claims[name], expected):
            _refuse(f"the token's {name} is not what it must be")
    return IdentityToken(issuer=expected.issuer, subject=str(claims["sub"]), token_id=str(claims.get("jti", "")))


def fate_of(name: str) -> Fate:
    """Return what becomes of the claim `name`."""
    return CLAIMS[name][0] if name in CLAIMS else Fate.IGNORED


def _is_issuer(value: Json, expected: Expected) -> bool:
    return value == expected.issuer


def _is_for_us_alone(value: Json, expected: Expected) -> bool:
    return value in (expected.client_id, [expected.client_id])


def _is_us(value: Json, expected: Expected) -> bool:
    return value == expected.client_id


def _answers(value: Json, expected: Expected) -> bool:
    return value == expected.nonce


def _is_subject(value: Json, _: Expected) -> bool:
    return isinstance(value, str) and re.fullmatch(SUBJECT, value) is not None


def _is_token_id(value: Json, _: Expected) -> bool:
    return isinstance(value, str) and re.fullmatch(_JTI, value) is not None


def _is_not_over(value: Json, expected: Expected) -> bool:
    return _is_time(value) and _ago(value, expected) < LEEWAY


def _has_begun(value: Json, expected: Expected) -> bool:
    return _is_time(value) and _ago(value, expected) >= -LEEWAY


def _is_fresh(value: Json, expected: Expected) -> bool:
    return _is_time(value) and -LEEWAY <= _ago(value, expected) <= OLDEST + LEEWAY


def _is_time(value: Json) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LAST_SECOND


def _ago(seconds: int, expected: Expected) -> timedelta:
    """Return how long before now an instant was; less than nothing where it is to come."""
    return expected.now - (_EPOCH + timedelta(seconds=seconds))


def _refuse(reason: str) -> NoReturn:
    raise DeniedError(CODE, reason, hint="compare the issuer's settings with: placet issuer list")


CLAIMS: Mapping[str, tuple[Fate, Check]] = {
    "iss": (Fate.REQUIRED, _is_issuer),
    "aud": (Fate.REQUIRED, _is_for_us_alone),
    "azp": (Fate.CHECKED, _is_us),
    "exp": (Fate.REQUIRED, _is_not_over),
    "nbf": (Fate.CHECKED, _has_begun),
    "iat": (Fate.REQUIRED, _is_fresh),
    "nonce": (Fate.REQUIRED, _answers),
    "sub": (Fate.REQUIRED, _is_subject),
    "jti": (Fate.CHECKED, _is_token_id),
}
"""Every claim that decides, in the order in which they are looked at.

Knowingly ignored, among all others: `auth_time`, `acr` and `amr` (how the person signed in is the
issuer's affair: assurance 1 says no more), `at_hash` and `c_hash` (the access token is thrown away, and
the code is bound by PKCE), `sid`, and names, addresses and groups (who may say yes, the policy says).
"""
