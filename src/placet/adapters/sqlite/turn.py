"""The line of those who want to write: processes take turns instead of trying again and again.

SQLite has no queue. Sixty-four processes that poll for its write lock wake each other up thousands
of times a second, and the unlucky ones never get it. So whoever wants to write first waits for a
lock on the folder (`flock`), which the kernel hands on in the order of asking.

This is a courtesy. `BEGIN IMMEDIATE` is what makes writing safe: where the folder cannot be
locked, or whoever holds its lock is stuck, we go on without a turn and let SQLite tell. Nobody
gives up while the line moves, but whom it passes by for long goes on without it, too.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread

Moves = Callable[[], Hashable]
"""Returns something else whenever anybody has written."""
_PATIENCE = 6
"""So often the line may have moved without its being our turn."""


class Turn:
    """One writer's place in the line. Belongs to one group of writes at a time."""

    def __init__(self, folder: Path, moves: Moves) -> None:
        """Stand in the line of `folder`; `moves` returns something else once anybody in it has written."""
        self._folder = folder
        self._moves = moves
        self._held: int | None = None

    async def take(self, seconds: float) -> float:
        """Wait until nobody is before us; return how long SQLite's own lock may then be waited for.

        That is `seconds`, and nothing where the line did not move for so long: whoever is in it hangs.
        """
        try:
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return seconds
        if _taken_at_once(descriptor):
            self._held = descriptor
            return seconds
        return await self._wait(descriptor, seconds)

    async def _wait(self, descriptor: int, seconds: float) -> float:
        waiting: Future[None] = Future()
        # A daemon, because nothing can call a thread back from this wait: the process may end before it does.
        Thread(target=_lock, args=(descriptor, waiting), name="placet-turn", daemon=True).start()
        came, before, moved = asyncio.wrap_future(waiting), None, self._moves()
        try:
            for _ in range(_PATIENCE):
                await asyncio.wait([came], timeout=seconds)
                before, moved = moved, self._moves()
                if came.done() or moved == before:
                    break
        finally:
            if not waiting.cancel():
                self._held = descriptor
        return seconds if self.is_ours or moved != before else 0.0

    @property
    def is_ours(self) -> bool:
        """Tell whether everybody else in the line waits for us."""
        return self._held is not None

    def give_up(self) -> None:
        """Let the next one write, if it is our turn."""
        if self._held is not None:
            os.close(self._held)
        self._held = None


def _taken_at_once(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without such locks: nobody waits for a turn on it
        return True
    return True


def _lock(descriptor: int, waiting: Future[None]) -> None:
    """Wait for the lock, and give it back at once where nobody wants it any more."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    if waiting.set_running_or_notify_cancel():
        waiting.set_result(None)
    else:
        os.close(descriptor)
