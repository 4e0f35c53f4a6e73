"""What a registry's answer to a publish request says about the version, before anything is looked up."""

from __future__ import annotations

import re
from enum import Enum, auto

from placet.adapters.egress.messages import Answer

_SECONDS = re.compile(r"[0-9]{1,4}")
_SUCCESSES = range(200, 300)
_REDIRECTS = range(300, 400)
_CLEAR_REFUSALS = frozenset({400, 401, 402, 405, 406, 410, 411, 413, 414, 415, 422, 429, 431})
_MAY_STAND = frozenset({403, 404, 409, 412})
_MAY_ASK_TO_WAIT = frozenset({403, 429})


class Says(Enum):
    """The kinds of answer: it is done; it was refused; it stands already or was refused; who knows."""

    DONE = auto()
    REDIRECTED = auto()
    REFUSED = auto()
    STANDS_OR_REFUSED = auto()
    UNCLEAR = auto()


def read_answer(status: int) -> Says:
    """Return what `status` says. 403, 404, 409 and 412 may mean that the version stands; 408 and 5xx anything."""
    if status in _SUCCESSES:
        return Says.DONE
    if status in _REDIRECTS:
        return Says.REDIRECTED
    if status in _CLEAR_REFUSALS:
        return Says.REFUSED
    return Says.STANDS_OR_REFUSED if status in _MAY_STAND else Says.UNCLEAR


def seconds_to_wait(answer: Answer) -> int | None:
    """Return after how long the registry asks to send again, None where it did not say so.

    Only a 429, or a 403, with a `Retry-After` in seconds says that nothing was done and when to
    come back (protocol 5).
    """
    asked = answer.headers.get("retry-after", "").strip()
    if answer.status not in _MAY_ASK_TO_WAIT or _SECONDS.fullmatch(asked) is None:
        return None
    return int(asked)
