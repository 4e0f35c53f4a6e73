"""Group commit: changes that wait together are written together (architecture, the one door for state)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from placet.domain.log.change import Change, Committed
from placet.domain.log.entry import BODY_LIMIT_BYTES
from placet.errors import InvalidInputError, PlacetError

LARGEST_GROUP = 256

Verdict = Committed | PlacetError
WriteGroup = Callable[[Sequence[Change], bool], Awaitable[Sequence[Verdict]]]
"""Writes a group and returns one verdict each; the flag says that it adopts the anchor."""
Ready = Callable[[], Awaitable[None]]
"""Returns when a group may be written: what comes until then is in it."""
Grouped = Callable[[int], None]
"""Is told how many changes a group had."""


def ungrouped(changes: int) -> None:
    """Tell nobody."""


async def at_once() -> None:
    """Wait for nobody."""


class _Waiting(Struct, frozen=True):
    change: Change
    adopting: bool
    verdict: asyncio.Future[Committed]


class Groups:
    """Collects changes and hands them on in groups, one group at a time.

    A cancelled caller's change still commits. Belongs to no event loop: each may use it after the
    one before it ended.
    """

    def __init__(self, write: WriteGroup, grouped: Grouped = ungrouped, ready: Ready = at_once) -> None:
        """Hand groups to `write`, each as soon as `ready` returns, and tell `grouped` how many changes each had."""
        self._write = write
        self._ready = ready
        self._grouped = grouped
        self._waiting: deque[_Waiting] = deque()
        self._runner: asyncio.Task[None] | None = None

    async def commit(self, change: Change, *, adopting: bool = False) -> Committed:
        """Return the verdict on `change`, or raise it.

        Raise `InvalidInputError` (`CHANGE_INVALID`) where its entry would be too long.
        """
        if len(change.body) > BODY_LIMIT_BYTES:
            raise InvalidInputError("CHANGE_INVALID", f"an entry's body has at most {BODY_LIMIT_BYTES} bytes")
        loop = asyncio.get_running_loop()
        verdict: asyncio.Future[Committed] = loop.create_future()
        self._waiting.append(_Waiting(change, adopting, verdict))
        if self._runner is None or self._runner.done() or self._runner.get_loop() is not loop:
            self._runner = loop.create_task(self._run())
        return await verdict

    async def finish(self) -> None:
        """Wait until everything that was accepted has its verdict."""
        while self._runner is not None and not self._runner.done():
            await asyncio.wait([self._runner])

    async def _run(self) -> None:
        while self._waiting:
            group: list[_Waiting] = []
            try:
                await self._ready()
                group = self._take()
                verdicts = await self._write([one.change for one in group], group[0].adopting)
            except asyncio.CancelledError:  # the event loop ends, and every caller with it
                _tell(group or self._take(), asyncio.CancelledError())
                raise
            except Exception as error:  # noqa: BLE001 - whatever went wrong is told to each caller: none waits for ever
                _tell(group or self._take(), error)
            else:
                self._grouped(len(group))
                _answer(group, verdicts)

    def _take(self) -> list[_Waiting]:
        group = [self._waiting.popleft()]
        while self._waiting and len(group) < LARGEST_GROUP and not group[0].adopting and not self._waiting[0].adopting:
            group.append(self._waiting.popleft())
        return group


def _tell(group: Sequence[_Waiting], error: BaseException) -> None:
    _answer(group, [error] * len(group))


def _answer(group: Sequence[_Waiting], verdicts: Sequence[Committed | BaseException]) -> None:
    for one, verdict in zip(group, verdicts, strict=True):
        if one.verdict.done():
            continue
        if isinstance(verdict, Committed):
            one.verdict.set_result(verdict)
        elif isinstance(verdict, asyncio.CancelledError):
            one.verdict.cancel()
        else:
            one.verdict.set_exception(verdict)
