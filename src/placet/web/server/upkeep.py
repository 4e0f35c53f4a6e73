"""What a service does by itself: clear up doubts, renew revocation lists, record what was counted (protocol 4, 5)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from placet.config.service import ServiceSettings
from placet.errors import PlacetError
from placet.facade import Placet
from placet.web.metrics import Metrics

_DENIALS_SECONDS = 60
_LISTS_SECONDS = 3600
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something that is done again and again: `every` so many seconds, the first time after `first`."""

    name: str
    work: Callable[[], Awaitable[Any]]
    every: float
    first: float = 0


def chores_of(placet: Placet, settings: ServiceSettings) -> list[Chore]:
    """Return what is done for `placet`. Each may be done by several processes of one home at once."""

    async def renew_lists() -> None:
        for issuer in ("intermediate", "root"):
            await placet.certificates.crl(issuer)

    return [
        Chore(name="reconcile", work=placet.publishing.reconcile, every=settings.reconcile_seconds),
        Chore(name="revocation_lists", work=renew_lists, every=_LISTS_SECONDS),
        Chore(name="denials", work=placet.denials.record_counted, every=_DENIALS_SECONDS, first=_DENIALS_SECONDS),
    ]


@contextlib.asynccontextmanager
async def kept_up(chores: Sequence[Chore], metrics: Metrics) -> AsyncIterator[None]:
    """Do the chores for the length of a `with`. One that fails is told, and done again when it is due again."""
    for chore in chores:
        metrics.expect(chore.name)
    tasks = [asyncio.create_task(_again_and_again(chore, metrics)) for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again_and_again(chore: Chore, metrics: Metrics) -> None:
    await asyncio.sleep(chore.first)
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
