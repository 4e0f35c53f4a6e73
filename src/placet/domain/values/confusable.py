"""Names that people take for another: look-alike letters and likely typing errors (attack A56).

Scopes are compared with scopes and names with names, always whole: `@acme` is no prefix of
`@acme-evil`, and `acme-tool` is not taken for `@acme/tool`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from placet.errors import InvalidInputError

_DRAWN_ALIKE = {
    # Cyrillic, Greek, Armenian and Latin letters that common fonts draw like these ASCII ones;
    # full-width, mathematical and other compatibility forms are undone by NFKC
    "a": "\u0430\u03b1\u0251",
    "b": "\u044c\u03b2",
    "c": "\u0441\u03f2",
    "d": "\u0501",
    "e": "\u0435\u03b5",
    "g": "\u0261\u0581",
    "h": "\u04bb\u0570",
    "i": "\u0456\u03b9\u0131",
    "j": "\u0458\u0237",
    "k": "\u043a\u03ba",
    "l": "\u04cf\u01c0\u029f",
    "m": "\u043c",
    "n": "\u0578\u03b7",
    "o": "\u043e\u03bf\u0585",
    "p": "\u0440\u03c1",
    "q": "\u051b\u0566",
    "r": "\u0433",
    "s": "\u0455",
    "t": "\u0442\u03c4",
    "u": "\u057d\u03c5",
    "v": "\u03bd\u0475",
    "w": "\u051d\u0561\u03c9",
    "x": "\u0445\u03c7",
    "y": "\u0443\u04af",
    "-": "\u2010\u2011\u2012\u2013\u2212",
    "/": "\u2044\u2215",
}
_PLAIN = {alike: plain for plain, drawn in _DRAWN_ALIKE.items() for alike in drawn}
_ALIKE = re.compile(f"[{''.join(map(re.escape, _PLAIN))}]")
_DOUBLED = re.compile(r"([a-z])\1+")
# a digit inside a word is read as a letter; a number of its own (tool-1, es10) is not
_DIGIT_IN_WORD = re.compile(r"(?<=[a-z])[01](?![0-9])|(?<![0-9])[01](?=[a-z])")
_LETTERS = (("i", "l"), ("rn", "m"), ("vv", "w"), ("cl", "d"))
_SHORTEST_SWAP = 5  # in shorter names a swap is as likely another word


def letters_read_as(text: str) -> str:
    """Return `text` with each look-alike replaced by the ASCII character that it is read as."""
    return _ALIKE.sub(lambda found: _PLAIN[found[0]], unicodedata.normalize("NFKC", text))


def check_not_confusable(name: str, known: Iterable[str]) -> None:
    """Refuse a new package `name` that people would take for one of the `known` ones.

    Two names are alike where they agree but for punctuation, doubled letters, letters drawn
    alike (`0` `o`, `1` `i` `l`, `rn` `m`, `vv` `w`, `cl` `d`) or two neighbours swapped. A name
    that is itself known passes. Raise `InvalidInputError` (`NAME_CONFUSABLE`).
    """
    others = set(known)
    if name in others:
        return
    own = _segments(name)
    for other in sorted(others):
        theirs = _segments(other)
        if len(own) == len(theirs) and all(map(_alike, own, theirs)):
            raise InvalidInputError(
                "NAME_CONFUSABLE",
                f"the new name {name} is easily taken for {other}, which is known here",
                hint="choose a name that cannot be mistaken, or publish under the known one",
            )


def _segments(name: str) -> list[str]:
    return [_bare(segment) for segment in name.removeprefix("@").split("/")]


def _bare(segment: str) -> str:
    text = _DIGIT_IN_WORD.sub(lambda digit: "ol"[int(digit[0])], segment)
    return _DOUBLED.sub(r"\1", text.replace("-", "").replace("_", "").replace(".", ""))


def _drawn(bare: str) -> str:
    for letters, read in _LETTERS:
        bare = bare.replace(letters, read)
    return _DOUBLED.sub(r"\1", bare)


def _alike(one: str, other: str) -> bool:
    return _drawn(one) == _drawn(other) or _is_swap(one, other)


def _is_swap(one: str, other: str) -> bool:
    if len(one) != len(other) or len(one) < _SHORTEST_SWAP:
        return False
    first, *more = [at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
    return more == [first + 1] and one[first] == other[first + 1] and one[first + 1] == other[first]
