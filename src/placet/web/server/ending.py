"""How a connection ends: what was answered is sent, what still comes is thrown away, and then it is over.

A socket that is closed with unread bytes tells its peer `reset`, and the answer 413 may be lost on
the way to who is still sending. A socket whose peer reads nothing is never done with sending. So
after our last byte the connection is half closed, read on for a moment, and then cut.
"""

from __future__ import annotations

import asyncio
from typing import Any

_MOST_THROWN_AWAY_BYTES = 16 * 1024 * 1024


class Ending(asyncio.Transport):
    """A transport that ends within `seconds` once it was closed."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, *, seconds: float) -> None:
        """Wrap `transport`."""
        super().__init__()
        self.unread = False
        """Set while the peer may still be sending something that nobody will read."""
        self._transport = transport
        self._loop = loop
        self._seconds = seconds
        self._cut: asyncio.TimerHandle | None = None
        self._thrown_away = 0

    def close(self) -> None:
        """Send what was written, then end."""
        if self._cut is not None:
            return
        self._cut = self._loop.call_later(self._seconds, self._transport.abort)
        if self.unread and self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.resume_reading()
            self._transport.write_eof()
        else:
            self._transport.close()

    def throw_away(self, data: bytes) -> None:
        """Take what came after the end; cut the connection where it is more than patience allows."""
        self._thrown_away += len(data)
        if self._thrown_away > _MOST_THROWN_AWAY_BYTES:
            self._transport.abort()

    def lost(self) -> None:
        """Stop waiting: the connection is gone."""
        if self._cut is not None:
            self._cut.cancel()

    def is_closing(self) -> bool:
        """Tell whether the end has begun."""
        return self._cut is not None or self._transport.is_closing()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send `data`."""
        self._transport.write(data)

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's own
        """Return what is known of the connection."""
        return self._transport.get_extra_info(name, default)
