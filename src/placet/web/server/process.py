"""The life of the process: it listens, heeds signals, and ends in order (attacks A57).

At the first SIGTERM or SIGINT nothing new is taken, what is under way is finished, and the process
ends with 0. A second one ends it at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
from asyncio import sslproto
from collections.abc import Callable, Iterator, Sequence

import uvicorn
from msgspec import Struct
from uvicorn.server import ServerState

from placet.web.server.connection import READ_BYTES, Connection, House
from placet.web.server.listening import BACKLOG

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_TICK_SECONDS = 0.05
_HANDSHAKE_SECONDS = 10.0
FINISHING_SECONDS = 75
"""How long what is under way may take after the end was asked for: longer than one effect may take."""


class Door(Struct, frozen=True, kw_only=True):
    """A socket that listens, and who serves what comes in by it."""

    listening: socket.socket
    house: House
    tls: ssl.SSLContext | None = None

    @property
    def port(self) -> int:
        """Return at which port it is."""
        return int(self.listening.getsockname()[1])


class Process(uvicorn.Server):
    """uvicorn's server over doors of ours."""

    def __init__(
        self,
        doors: Sequence[Door],
        state: ServerState,
        ending: Callable[[], None],
        *,
        drain_seconds: float,
        signals: Sequence[signal.Signals] = SIGNALS,
    ) -> None:
        """Serve at `doors`, whose connections are in `state`; after the first of `signals`, still for `drain_seconds`.

        `ending` is called at that signal.
        """
        super().__init__(doors[0].house.config)
        self._doors = doors
        self._ending = ending
        self._drain_seconds = drain_seconds
        self._signals = signals
        self.server_state = state

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's own
        """Begin to listen at every door."""
        await self.lifespan.startup()
        self.servers = [await _opened(door) for door in self._doors]
        self.started = True

    async def main_loop(self) -> None:
        """Serve until a signal, and as long after it as load balancers need to hear of it."""
        await super().main_loop()
        self._ending()
        await self._until(lambda: False, self._drain_seconds)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's own
        """Take nothing new, finish what is under way within bounds, and end."""
        for server in self.servers:
            server.close()
        for connection in self._connections():
            connection.shutdown()
        await self._until(lambda: not self._connections() and not self._tasks(), FINISHING_SECONDS)
        for connection in self._connections():
            connection.transport.abort()
        for task in (cut := self._tasks()):
            task.cancel()
        await asyncio.gather(*cut, return_exceptions=True)

    def handle_exit(self, sig: int, frame: object) -> None:  # noqa: ARG002 - uvicorn's own
        """Heed a signal: the first asks for the end, the second forces it."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Heed signals while serving; who sent one reads the exit code 0, not of a death by it."""
        loop = asyncio.get_running_loop()
        for number in self._signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in self._signals:
                loop.remove_signal_handler(number)

    def _connections(self) -> list[Connection]:
        return [each for each in self.server_state.connections if isinstance(each, Connection)]

    def _tasks(self) -> list[asyncio.Task[None]]:
        return list(self.server_state.tasks)

    async def _until(self, done: Callable[[], bool], seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not done() and not self.force_exit and loop.time() < until:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(_TICK_SECONDS)


async def _opened(door: Door) -> asyncio.Server:
    sslproto.SSLProtocol.max_size = READ_BYTES
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: Connection(door.house),
        sock=door.listening,
        backlog=BACKLOG,
        ssl=door.tls,
        ssl_handshake_timeout=_HANDSHAKE_SECONDS if door.tls else None,
    )
