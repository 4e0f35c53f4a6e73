"""Serves an installation until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import uvicorn

from placet.config import Config
from placet.errors import ConfigurationError
from placet.facade import Placet
from placet.web.application import Application
from placet.web.table import ROUTES

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_BACKLOG = 1024
_KEEP_ALIVE_SECONDS = 30
_SHUTDOWN_SECONDS = 75
"""Longer than one effect may take: what was acknowledged is finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen; port 0 is any that is free."""

    host: str
    port: int


async def serve(config: Config, address: Address, told: Callable[[Address], None]) -> None:
    """Serve the installation in `config.home` at `address` until a signal ends it; `told` learns where it listens.

    Nobody asks in the server's own name: the bootstrap key and the default principal of its
    environment are not used. Raise as `Placet.open`.
    """
    own = replace(config, bootstrap_key=None, principal="")
    async with Placet.open(own) as placet:
        listening = _listen(address)
        settings = uvicorn.Config(
            Application(placet, ROUTES),
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        told(Address(host=address.host, port=listening.getsockname()[1]))
        await _Server(settings).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends in order at a signal, and does not die of it afterwards: whoever sent it reads the exit code 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Heed SIGINT and SIGTERM while serving."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)


def _listen(address: Address) -> socket.socket:
    """Return a socket that listens; a port that is taken raises `ConfigurationError` (`ADDRESS_UNUSABLE`)."""
    try:
        family = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            "ADDRESS_UNUSABLE",
            f"nothing can listen on {address.host[:60]!a}, port {address.port}: {error.strerror}",
            hint="choose another --port, or 0 for any that is free",
        ) from error
