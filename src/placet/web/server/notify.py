"""Tells the service manager that started this process when it serves and when it ends (sd_notify)."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping

READY = "READY=1"
STOPPING = "STOPPING=1"


def tell_manager(environment: Mapping[str, str], state: str) -> None:
    """Send `state` where `NOTIFY_SOCKET` says; a manager that does not listen stops nothing."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager,
    ):
        manager.sendto(state.encode("ascii"), name)
