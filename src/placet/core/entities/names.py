"""Index rows by which something is found by a part of its name, at a cost that does not grow (protocol 7).

One row for each place at which the name can be entered: `tool@1.0.0 @acme/tool@1.0.0` is the one
for who looks for `tool`. So looking for a part is looking for a prefix, and a page costs a page.
What there are few of, packages, is entered anywhere; what each publication leaves more of, runs and
certificates, where a word begins.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"(?<![a-z0-9])[a-z0-9]|@|^.")
_MOST = 64
"""A longer name is found by what begins within so many characters."""


def name_rows(index: str, about: str) -> list[tuple[str, str]]:
    """Return the rows in `index` for `NAME@VERSION`, or a name alone, by any part of the name."""
    return [(index, f"{entry} {about}") for entry in _entries(about)]


def word_rows(index: str, about: str) -> list[tuple[str, str]]:
    """Return the rows in `index` for `NAME@VERSION`, or a name alone, by the beginning of any of its words.

    A scope begins with its `@`, and after it.
    """
    return [(index, f"{entry} {about}") for entry in _words(about)]


def is_first_row(value: str, wanted: str) -> bool:
    """Tell whether of all rows of one name that begin with `wanted` this is the first: the one that is shown.

    Rows by any part stand beside those of words, or instead of them: those of words go first.
    """
    entry, _, about = value.partition(" ")
    places = [each for each in _words(about) if each.startswith(wanted)] or _entries(about)
    return entry == min(each for each in places if each.startswith(wanted))


def about_in(value: str) -> str:
    """Return the whole name that a row's value ends with."""
    return value.partition(" ")[2]


def as_wanted(query: str) -> str:
    """Return a query as rows are spelled."""
    return query.lower()


def _entries(about: str) -> list[str]:
    spelled = about.lower()
    return [spelled[start:] for start in range(_length(spelled))]


def _words(about: str) -> list[str]:
    spelled = about.lower()
    return [spelled[word.start() :] for word in _WORD.finditer(spelled, 0, _length(spelled))]


def _length(spelled: str) -> int:
    """Return in how many places the name, without its version, may be entered."""
    return min(len(spelled.rpartition("@")[0] or spelled), _MOST)
