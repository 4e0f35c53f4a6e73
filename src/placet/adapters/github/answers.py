"""What GitHub's answers say: whether it acted, when to come back, and the few members that we rely on."""

from __future__ import annotations

import email.utils
import re
from enum import Enum, auto
from urllib.parse import parse_qs, urlsplit

from placet.adapters.egress.messages import Answer
from placet.domain.encoding.foreign_json import Json, JsonObject, read_foreign, read_foreign_object
from placet.errors import EffectError, InvalidInputError

CODE = "PROVIDER_ANSWER_INVALID"
_DIGITS = re.compile(r"[0-9]{1,12}")
_NEXT_PAGE = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?next"?')
_CURSOR = re.compile(r"[A-Za-z0-9+/=_:.-]{1,512}")
_SUCCESSES = range(200, 300)
_REDIRECTS = range(300, 400)
_REFUSALS = range(400, 500)
_MAY_HAVE_ACTED = frozenset({408, 425, 499})
_TOO_MANY = 429
_FORBIDDEN = 403
_UNPROCESSABLE = 422


class UnclearError(EffectError):
    """GitHub gave no answer from which anything follows."""


class Says(Enum):
    """The kinds of answer: done; a redirect; too many requests; it may stand already; refused; who knows."""

    DONE = auto()
    REDIRECTED = auto()
    LIMITED = auto()
    STANDS_OR_REFUSED = auto()
    REFUSED = auto()
    UNCLEAR = auto()


def read_answer(answer: Answer) -> Says:
    """Return what the answer says: 422 is also given for what stands already; 408 and 5xx say nothing."""
    status = answer.status
    if status in _SUCCESSES:
        return Says.DONE
    if status in _REDIRECTS:
        return Says.REDIRECTED
    if is_limit(answer):
        return Says.LIMITED
    if status == _UNPROCESSABLE:
        return Says.STANDS_OR_REFUSED
    return Says.REFUSED if status in _REFUSALS and status not in _MAY_HAVE_ACTED else Says.UNCLEAR


def is_limit(answer: Answer) -> bool:
    """Tell whether GitHub did not act because of too many requests: a 429, or a 403 whose headers say so."""
    if answer.status == _TOO_MANY:
        return True
    spent = answer.headers.get("x-ratelimit-remaining", "").strip() == "0"
    return answer.status == _FORBIDDEN and (spent or "retry-after" in answer.headers)


def seconds_to_wait(answer: Answer) -> float | None:
    """Return after how long GitHub asks to come back, None where it did not say so, or may have acted.

    `Retry-After` goes before `x-ratelimit-reset`, which is compared with the answer's own date: this
    machine's clock is no measure of GitHub's.
    """
    if not is_limit(answer):
        return None
    asked = answer.headers.get("retry-after", "").strip()
    if _DIGITS.fullmatch(asked):
        return float(asked)
    reset = answer.headers.get("x-ratelimit-reset", "").strip()
    if _DIGITS.fullmatch(reset) is None:
        return None
    try:
        at = email.utils.parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    return max(0.0, int(reset) - at.timestamp())


def object_in(answer: Answer) -> JsonObject:
    """Return the object that the answer's body is, or raise `UnclearError`."""
    try:
        return read_foreign_object(answer.body, what="GitHub's answer", code=CODE)
    except InvalidInputError as error:
        raise UnclearError(error.code, error.message) from error


def objects_in(answer: Answer) -> list[JsonObject]:
    """Return the objects of the array that the answer's body is, or raise `UnclearError`."""
    try:
        found = read_foreign(answer.body, list, what="GitHub's answer", code=CODE)
    except InvalidInputError as error:
        raise UnclearError(error.code, error.message) from error
    objects = [each for each in found if isinstance(each, dict)]
    if len(objects) != len(found):
        raise UnclearError(CODE, "GitHub's answer lists something that is no object")
    return objects


def names_next_page(answer: Answer) -> bool:
    """Tell whether the answer says that there is more. Where it is, is not taken from the answer."""
    return _NEXT_PAGE.search(answer.headers.get("link", "")) is not None


def cursor_of_next_page(answer: Answer) -> str | None:
    """Return the cursor `after` of the page that the answer names as next, None where it names none.

    Only the cursor is taken, never the address. Raise `UnclearError` where it lacks.
    """
    found = _NEXT_PAGE.search(answer.headers.get("link", ""))
    if found is None:
        return None
    try:
        cursors = parse_qs(urlsplit(found[1]).query).get("after", [])
    except ValueError:
        cursors = []
    if len(cursors) != 1 or _CURSOR.fullmatch(cursors[0]) is None:
        raise UnclearError(CODE, "GitHub's answer names a next page without its cursor")
    return cursors[0]


def text_of(members: JsonObject, name: str) -> str:
    """Return a member that is a string, or raise `UnclearError`."""
    value = members.get(name)
    if not isinstance(value, str):
        raise _lacking(name)
    return value


def number_of(members: JsonObject, name: str) -> int:
    """Return a member that is an integer, or raise `UnclearError`."""
    value = members.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _lacking(name)
    return value


def flag_of(members: JsonObject, name: str) -> bool:
    """Return a member that is a boolean, or raise `UnclearError`."""
    value = members.get(name)
    if not isinstance(value, bool):
        raise _lacking(name)
    return value


def object_of(members: JsonObject, name: str) -> JsonObject:
    """Return a member that is an object, or raise `UnclearError`."""
    value: Json = members.get(name)
    if not isinstance(value, dict):
        raise _lacking(name)
    return value


def _lacking(name: str) -> UnclearError:
    return UnclearError(CODE, f"GitHub's answer has no well-formed {name}")
