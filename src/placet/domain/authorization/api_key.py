"""API keys: what a program shows to say who it is, and the scopes it may use (contract 1).

A key reads `placet_key_`, twelve characters that name it, 32 that nobody can guess, and six that
check the rest: scanners find it, and a typing error is no question to the store. Only its digest
is kept. A scope is `VERB=PATTERN`: what may be asked for, of which packages. It lets its holder
ask, never decide: governed acts have no scope (protocol 6).
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from placet.domain.authorization.pattern import Pattern, parse_pattern
from placet.domain.values.digest import Digest, sha256
from placet.errors import DeniedError, InvalidInputError

PREFIX = "placet_key_"
KEY_ID = r"[0-9A-Za-z]{12}"
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
ID_CHARACTERS, SECRET_CHARACTERS, CHECK_CHARACTERS = 12, 32, 6
RANDOM_BYTES = 48
MOST_SCOPES = 32
ANY = "*"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY = re.compile(f"{PREFIX}[0-9A-Za-z]{{{ID_CHARACTERS + SECRET_CHARACTERS + CHECK_CHARACTERS}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A well-formed key: the id that names it, and the digest under which it is known. The key itself is gone."""

    key_id: str
    digest: Digest


def make_api_key(random: bytes) -> tuple[str, ApiKey]:
    """Return a new key of `RANDOM_BYTES` unpredictable bytes: as it is shown, and as it is known."""
    body = _letters(int.from_bytes(random, "big"), ID_CHARACTERS + SECRET_CHARACTERS)
    text = PREFIX + body + _check(body)
    return text, ApiKey(key_id=body[:ID_CHARACTERS], digest=sha256(text.encode("ascii")))


def parse_api_key(text: str) -> ApiKey | None:
    """Return the key that `text` spells, or None where it is none: another form, or a wrong check."""
    if _KEY.fullmatch(text) is None:
        return None
    body, check = text.removeprefix(PREFIX)[:-CHECK_CHARACTERS], text[-CHECK_CHARACTERS:]
    if _check(body) != check:
        return None
    return ApiKey(key_id=body[:ID_CHARACTERS], digest=sha256(text.encode("ascii")))


def _check(body: str) -> str:
    return _letters(zlib.crc32(body.encode("ascii")), CHECK_CHARACTERS)


def _letters(number: int, count: int) -> str:
    letters = []
    for _ in range(count):
        number, digit = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[digit])
    return "".join(letters)


class Verb:
    """What a scope lets its holder ask for."""

    ISSUE = "certificates:issue"
    REVOKE = "certificates:revoke"
    REPORT = "chronicle:write"
    REGISTER = "registry:write"
    PUBLISH = "runs:write"
    READ = "runs:read"


VERBS = (Verb.ISSUE, Verb.REVOKE, Verb.REPORT, Verb.REGISTER, Verb.PUBLISH, Verb.READ)


@dataclass(frozen=True, slots=True)
class Scope:
    """One verb, or `*` for each of them, of the packages that a pattern matches."""

    verb: str
    pattern: Pattern

    def covers(self, verb: str, package: str) -> bool:
        """Tell whether the scope lets its holder ask for `verb` of `package`."""
        return self.verb in (verb, ANY) and self.matches(package)

    def matches(self, package: str) -> bool:
        """Tell whether the scope is about `package`, whatever its verb."""
        return self.pattern.text == ANY or self.pattern.matches(package)

    def __str__(self) -> str:
        """Return `VERB=PATTERN`."""
        return f"{self.verb}={self.pattern.text}"


def parse_scope(text: str) -> Scope:
    """Return the scope that `text` spells; raise `InvalidInputError` (`SCOPE_INVALID`).

    The pattern is one of a policy, but that `*` alone stands for every package. Nothing is left
    out: who means everything writes `*=*`.
    """
    verb, equals, pattern = text.partition("=")
    parsed = parse_pattern(pattern)
    if not equals or parsed is None or verb not in (*VERBS, ANY):
        raise InvalidInputError(
            "SCOPE_INVALID",
            f"{text[:120]!a} is no scope",
            hint=f"write VERB=PATTERN, where VERB is {', '.join(VERBS)} or *, and PATTERN as @acme/*",
        )
    return Scope(verb, parsed)


def check_scopes(scopes: tuple[Scope, ...], verb: str, package: str) -> None:
    """Return where a scope covers `verb` of `package`; raise `DeniedError` (`SCOPE_INSUFFICIENT`), naming it."""
    if not any(scope.covers(verb, package) for scope in scopes):
        raise DeniedError(
            "SCOPE_INSUFFICIENT",
            f"the key has no scope {verb}={package}",
            hint=f"ask for a key with this scope: placet key create --scope '{verb}={package}' …",
        )
