"""The post of one worker among several that serve one installation at one port."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from placet.config.service import HostPort, ServiceSettings


class Post(Struct, frozen=True, kw_only=True):
    """Which worker this is, of how many.

    `ready` is the pipe on which it says that it serves; `lifeline` one that nobody writes to, and
    that ends with the process that started it.
    """

    number: int
    of: int
    ready: int
    lifeline: int

    @property
    def is_first(self) -> bool:
        """Tell whether this is the one that speaks for all."""
        return self.number == 0

    def share(self, settings: ServiceSettings) -> ServiceSettings:
        """Return the settings with this worker's share of what they allow, and a port of its own for metrics."""
        metrics = settings.metrics_address
        own = HostPort(host=metrics.host, port=metrics.port + self.number) if metrics and metrics.port else metrics
        return replace(
            settings,
            metrics_address=own,
            max_connections=max(1, settings.max_connections // self.of),
            max_concurrent=max(1, settings.max_concurrent // self.of),
        )

    def tell_ready(self) -> None:
        """Say that it serves, and nothing more."""
        os.write(self.ready, b".")
        os.close(self.ready)

    def watch(self, orphaned: Callable[[], None]) -> None:
        """Call `orphaned` when the process that started this one is gone."""
        loop = asyncio.get_running_loop()

        def gone() -> None:
            loop.remove_reader(self.lifeline)
            orphaned()

        loop.add_reader(self.lifeline, gone)
