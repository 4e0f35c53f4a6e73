"""What a service does by itself: clear up doubts, renew revocation lists, record what was counted (protocol 4, 5)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from enum import Enum
from typing import Any

import structlog
from msgspec import Struct

from placet.config.service import ServiceSettings
from placet.errors import PlacetError
from placet.facade import Placet
from placet.web.metrics import Metrics

_DENIALS_SECONDS = 60
_LISTS_SECONDS = 3600
_log = structlog.get_logger()


class Begins(Enum):
    """When a chore is done for the first time."""

    BEFORE = "before anybody is served: it is quick"
    AT_ONCE = "as soon as others are served: it may wait for somebody else"
    LATER = "when it is due"


class Chore(Struct, frozen=True, kw_only=True):
    """Something that is done again and again: `every` so many seconds, the first time when `begins` says."""

    name: str
    work: Callable[[], Awaitable[Any]]
    every: float
    begins: Begins


def chores_of(placet: Placet, settings: ServiceSettings) -> list[Chore]:
    """Return what is done for `placet`. Each may be done by several processes of one home at once."""

    async def renew_lists() -> None:
        for issuer in ("intermediate", "root"):
            await placet.certificates.crl(issuer)

    reconcile, record = placet.publishing.reconcile, placet.denials.record_counted
    return [
        Chore(name="revocation_lists", work=renew_lists, every=_LISTS_SECONDS, begins=Begins.BEFORE),
        Chore(name="reconcile", work=reconcile, every=settings.reconcile_seconds, begins=Begins.AT_ONCE),
        Chore(name="denials", work=record, every=_DENIALS_SECONDS, begins=Begins.LATER),
    ]


@contextlib.asynccontextmanager
async def kept_up(chores: Sequence[Chore], metrics: Metrics) -> AsyncIterator[None]:
    """Do the chores for the length of a `with`. One that fails is told, and done again when it is due again."""
    for chore in chores:
        metrics.expect(chore.name)
        if chore.begins is Begins.BEFORE:
            metrics.upkeep(chore.name, done=await _done(chore))
    tasks = [asyncio.create_task(_again_and_again(chore, metrics)) for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again_and_again(chore: Chore, metrics: Metrics) -> None:
    if chore.begins is not Begins.AT_ONCE:
        await asyncio.sleep(chore.every)
    while True:
        metrics.upkeep(chore.name, done=await _done(chore))
        await asyncio.sleep(chore.every)


async def _done(chore: Chore) -> bool:
    try:
        await chore.work()
    except PlacetError as error:
        _log.warning("upkeep failed", task=chore.name, why=str(error))
        return False
    except Exception:  # noqa: BLE001 - the last stop: a bug in one chore ends neither it nor the others
        _log.exception("a bug", task=chore.name)
        return False
    return True
