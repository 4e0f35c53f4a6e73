"""What an examination of an installation found: ok, a warning, or a failure, and what to do next."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from placet.errors import PlacetError


class Health(StrEnum):
    """How one thing stands: `fail` stops something that ought to work, `warn` soon may, or weakens it."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was examined. `next_step` is empty where nothing is to be done."""

    area: str
    health: Health
    detail: str
    next_step: str = ""


def ok(area: str, detail: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(area=area, health=Health.OK, detail=detail)


def warn(area: str, detail: str, next_step: str) -> Finding:
    """Return that something soon may stop, or is weaker than it could be."""
    return Finding(area=area, health=Health.WARN, detail=detail, next_step=next_step)


def fail(area: str, detail: str, next_step: str) -> Finding:
    """Return that something does not work, or must not be relied on."""
    return Finding(area=area, health=Health.FAIL, detail=detail, next_step=next_step)


def failed(area: str, error: PlacetError) -> Finding:
    """Return the failure that an error is."""
    return fail(area, f"{error.code}: {error.message}", error.hint)


def span(length: timedelta) -> str:
    """Return a length of time in its two largest units."""
    seconds = max(0, int(length.total_seconds()))
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    first = next((at for at, (_, size) in enumerate(units) if seconds >= size), len(units) - 1)
    parts = []
    for name, size in units[first : first + 2]:
        count, seconds = divmod(seconds, size)
        parts.append(f"{count} {name}")
    return " ".join(parts)
