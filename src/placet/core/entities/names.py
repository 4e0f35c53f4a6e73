"""Index rows by which something is found by any part of its name, at a cost that does not grow (protocol 7).

One row for each place at which the name can be entered: `tool@1.0.0 @acme/tool@1.0.0` is the one
for who looks for `tool`. So looking for a part is looking for a prefix, and a page costs a page.
"""

from __future__ import annotations

_MOST = 64
"""A longer name is found by what begins within so many characters."""


def name_rows(index: str, about: str) -> list[tuple[str, str]]:
    """Return the rows in `index` for `NAME@VERSION`, or a name alone."""
    return [(index, f"{entry} {about}") for entry in _entries(about)]


def is_first_row(value: str, wanted: str) -> bool:
    """Tell whether of all rows of one name that begin with `wanted` this is the first: the one that is shown."""
    entry, _, about = value.partition(" ")
    return entry == min(each for each in _entries(about) if each.startswith(wanted))


def about_in(value: str) -> str:
    """Return the whole name that a row's value ends with."""
    return value.partition(" ")[2]


def as_wanted(query: str) -> str:
    """Return a query as rows are spelled."""
    return query.lower()


def _entries(about: str) -> list[str]:
    spelled = about.lower()
    name = spelled.rpartition("@")[0] or spelled
    return [spelled[start:] for start in range(min(len(name), _MOST))]
