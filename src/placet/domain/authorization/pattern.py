"""Patterns of a policy: `*` matches within a segment, `**` across `/` (protocol 1 and 6).

Matching walks the text once and keeps the set of reachable positions as bits of one integer:
no pattern and no text make it backtrack (attacks A59).
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from placet.domain.authorization.operation import Subject

_TOKEN = re.compile(r"\*\*|\*|[!-)+-~]")
_PROVIDER = re.compile(r"\*|[a-z0-9][a-z0-9.-]{0,63}")
_MANY, _ONE = "**", "*"
LIMIT_CHARACTERS = 512


class Pattern(Struct, frozen=True):
    """A pattern of printable ASCII without spaces; build one with `parse_pattern`.

    Position n stands for "the first n tokens are matched"; each field is a set of positions, and
    all follow from the text.
    """

    text: str
    _literals: tuple[tuple[str, int], ...]
    _stars: int
    _crossing: int
    _end: int

    def __hash__(self) -> int:
        """Return the hash of the text, from which everything else follows."""
        return hash(self.text)

    @lru_cache(maxsize=4096)  # noqa: B019 - as many patterns as a policy and keys have, which stay
    def matches(self, text: str) -> bool:
        """Tell whether the pattern matches `text` as a whole."""
        literals = dict(self._literals)
        reached = self._skip_stars(1)
        for character in text:
            staying = self._crossing if character == "/" else self._stars
            reached = self._skip_stars((reached & literals.get(character, 0)) << 1 | (reached & staying))
            if not reached:
                return False
        return bool(reached & self._end)

    def _skip_stars(self, reached: int) -> int:
        # One step is enough: the grammar has no two stars beside each other but `**`, one token.
        return reached | (reached & self._stars) << 1


def parse_pattern(text: str) -> Pattern | None:
    """Return the pattern that `text` spells, or None where it is none.

    A pattern is 1 to 512 characters of printable ASCII without spaces, with no `***`.
    """
    tokens = _TOKEN.findall(text)
    if not text or len(text) > LIMIT_CHARACTERS or "".join(tokens) != text or "***" in text:
        return None
    literals: dict[str, int] = {}
    stars = crossing = 0
    for position, token in enumerate(tokens):
        if token in {_ONE, _MANY}:
            stars |= 1 << position
            crossing |= (token == _MANY) << position
        else:
            literals[token] = literals.get(token, 0) | 1 << position
    return Pattern(text, tuple(sorted(literals.items())), stars, crossing, 1 << len(tokens))


class SubjectPattern(Struct, frozen=True):
    """`provider:name-pattern`: one provider id, or `*` for every provider, and a pattern of names.

    The two are matched apart, so that no name can pretend to be of another provider.
    """

    provider: str
    name: Pattern

    def matches(self, subject: Subject) -> bool:
        """Tell whether the pattern matches the subject's provider and name."""
        return self.provider in {_ONE, subject.provider} and self.name.matches(subject.name)


def parse_subject_pattern(text: str) -> SubjectPattern | None:
    """Return the subject pattern that `text` spells, or None where it is none."""
    provider, _, name = text.partition(":")
    pattern = parse_pattern(name)
    if pattern is None or _PROVIDER.fullmatch(provider) is None:
        return None
    return SubjectPattern(provider, pattern)
