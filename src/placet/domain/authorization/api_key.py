"""API keys: the scopes that a program may use (contract 1).

A key (`shown_token`) has scopes, `VERB=PATTERN`: what may be asked for, of which packages. It lets
its holder ask, never decide: governed acts have no scope (protocol 6).
"""

from __future__ import annotations

from msgspec import Struct

from placet.domain.authorization.pattern import Pattern, parse_pattern
from placet.errors import DeniedError, InvalidInputError

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
MOST_SCOPES = 32
ANY = "*"


class Verb:
    """What a scope lets its holder ask for."""

    ISSUE = "certificates:issue"
    REVOKE = "certificates:revoke"
    REPORT = "chronicle:write"
    REGISTER = "registry:write"
    PUBLISH = "runs:write"
    READ = "runs:read"


VERBS = (Verb.ISSUE, Verb.REVOKE, Verb.REPORT, Verb.REGISTER, Verb.PUBLISH, Verb.READ)


class Scope(Struct, frozen=True):
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
            hint=f"ask for a key with this scope: placet key create --scope '{verb}={package}' ...",
        )
