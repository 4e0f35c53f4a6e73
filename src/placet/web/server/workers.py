"""Several processes that serve one installation at one port, and the one that starts them and waits.

One process answers on one core. A home may be written by several, so they share nothing but the
port, over which the kernel spreads connections (`SO_REUSEPORT`). They begin and end together: where
one ends by itself the others are told to, and whoever keeps the service running starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from types import FrameType

from msgspec.structs import replace

from placet.config import Config
from placet.config.service import HostPort
from placet.errors import UnavailableError
from placet.facade import Placet
from placet.web.server.listening import check_free, encryption, reserved
from placet.web.server.notify import READY, STOPPING, tell_manager
from placet.web.server.post import Post
from placet.web.server.process import SIGNALS
from placet.web.server.serve import serve


def serve_with_workers(config: Config, address: HostPort, *, behind_proxy: bool) -> None:
    """Serve as `serve`, by `config.service.workers` processes, until a signal ends them all.

    Each of them returns from here, or raises as `serve`. The one that was called raises what is in
    the way of all, and `UnavailableError` (`WORKER_ENDED`) once all have ended, where one did unasked
    or in disorder: it has said why.
    """
    encryption(config.service, address, proxied=behind_proxy or bool(config.service.trusted_proxies))
    check_free(address)
    asyncio.run(_check_opens(config))
    with reserved(address) as place:
        crew = _Crew(config.service.workers, lambda state: tell_manager(config.environment, state))
        post = crew.start()
        if post is None:
            crew.wait()
            return
    own = {name: value for name, value in config.environment.items() if name != "NOTIFY_SOCKET"}
    asyncio.run(serve(replace(config, environment=own), place, behind_proxy=behind_proxy, post=post))


async def _check_opens(config: Config) -> None:
    """Open the installation and close it again: what is in the way of every worker is said once."""
    async with Placet.open(config):
        pass


class _Crew:
    """The workers of one service, as the process that started them knows them.

    Only that process heeds signals: a terminal or a service manager sends them to all. The workers
    end when the pipe ends that it holds open, for which it need not live.
    """

    def __init__(self, size: int, tell: Callable[[str], None]) -> None:
        """Be `size` workers; `tell` tells the service manager."""
        self._size = size
        self._tell = tell
        self._workers: set[int] = set()
        self._ending = False
        self._forced = False
        self._lifeline = os.pipe()
        self._ready = os.pipe()

    def start(self) -> Post | None:
        """Start the workers; return the post of one in each of them, None in the process that was called."""
        for number in range(self._size):
            pid = os.fork()
            if pid == 0:
                for each in SIGNALS:
                    signal.signal(each, _unheeded)
                os.close(self._lifeline[1])
                os.close(self._ready[0])
                return Post(number=number, of=self._size, ready=self._ready[1], lifeline=self._lifeline[0])
            self._workers.add(pid)
        for each in SIGNALS:
            signal.signal(each, self._heed)
        os.close(self._ready[1])
        if sum(1 for _ in iter(lambda: os.read(self._ready[0], 1), b"")) == self._size:
            self._tell(READY)
        return None

    def wait(self) -> None:
        """Wait until every worker has ended."""
        disorder = False
        while self._workers:
            pid, status = os.wait()
            self._workers.discard(pid)
            disorder |= not self._ending or (status != 0 and not self._forced)
            self._end()
        if disorder:
            raise UnavailableError("WORKER_ENDED", "a worker ended by itself, and the others with it")

    def _heed(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal's handler
        """End in order at the first signal, at once at the second."""
        self._forced = self._ending
        self._end()
        for pid in self._workers if self._forced else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _end(self) -> None:
        if not self._ending:
            self._ending = True
            self._tell(STOPPING)
            os.close(self._lifeline[1])


def _unheeded(number: int, frame: FrameType | None) -> None:
    """Do nothing: whoever started this worker tells it when to end."""
