"""Instants as the protocol writes them: RFC 3339 UTC, exactly three fractional digits, `Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from placet.errors import InvalidInputError

INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
_INSTANT = re.compile(INSTANT)
_AT_HAND = 256
"""So many spellings are remembered: one request names the same few instants in everything it leaves."""


def format_instant(instant: datetime) -> str:
    """Return an aware UTC `instant`, cut to milliseconds, as `2026-01-02T03:04:05.678Z`."""
    return _spelled(instant.replace(tzinfo=None))  # equal instants of other zones are spelled otherwise


@lru_cache(maxsize=_AT_HAND)
def _spelled(utc: datetime) -> str:
    return f"{utc.isoformat(timespec='milliseconds')}Z"


@lru_cache(maxsize=_AT_HAND)
def parse_instant(text: str) -> datetime:
    """Return the aware UTC instant that `text` names.

    Raise `InvalidInputError` (`TIME_INVALID`) for any other spelling of a time, including
    those that the standard library accepts.
    """
    if _INSTANT.fullmatch(text) is None:
        raise InvalidInputError("TIME_INVALID", f"{text[:40]!r} is not an RFC 3339 UTC time with milliseconds")
    try:
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidInputError("TIME_INVALID", f"{text!r} names no instant") from error


def cut_to_milliseconds(instant: datetime) -> datetime:
    """Return `instant` as it reads back after being written: in UTC, whole milliseconds."""
    utc = instant.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
