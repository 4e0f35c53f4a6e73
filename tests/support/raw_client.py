"""A client of a service on loopback that sends whatever bytes a test gives it, at any pace."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from support.service import Service

_SECONDS = 60
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class Heard(Struct, frozen=True, kw_only=True):
    """What came back until the connection ended: nothing where `content` is empty."""

    content: bytes

    @property
    def status(self) -> int:
        """Return the status of the first answer, 0 where there is none."""
        found = _STATUS.match(self.content)
        return int(found[1]) if found else 0

    @property
    def headers(self) -> dict[str, str]:
        head = self.content.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}

    @property
    def document(self) -> Any:
        return json.loads(self.content.partition(b"\r\n\r\n")[2])

    @property
    def code(self) -> str:
        return str(self.document["error_code"])


@contextlib.contextmanager
def connected(service: Service) -> Iterator[socket.socket]:
    """Connect for the length of a `with`."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=_SECONDS) as connection:
        yield connection


def send(service: Service, *parts: bytes) -> Heard:
    """Send these parts on a connection of their own, and return what came until the service ended it."""
    with connected(service) as connection:
        heard = exchange(connection, parts)
    service.canaries.check(parts[0].partition(b"\r\n")[0].decode("latin-1"), heard.content)
    return heard


def exchange(connection: socket.socket, parts: Iterable[bytes]) -> Heard:
    """Send parts until they end or the service does, and return what came until the service ended the connection."""
    with contextlib.suppress(ConnectionError):  # it ended before it had everything
        for part in parts:
            connection.sendall(part)
    return hear(connection)


def hear(connection: socket.socket) -> Heard:
    """Return what comes until the service ends the connection."""
    content = bytearray()
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(1 << 16):
            content += part
    return Heard(content=bytes(content))


def head(method: str, target: str, **headers: object) -> bytes:
    """Return the head of a request whose connection ends with its answer."""
    lines = {"Host": "localhost", "Connection": "close"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return f"{method} {target} HTTP/1.1\r\n".encode("latin-1") + _lines(lines) + b"\r\n"


def _lines(headers: dict[str, object]) -> bytes:
    return b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers.items())
