"""Putting a whole file in place, durably: written aside, synced, renamed, and the folders above it synced."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_aside(path: Path, content: bytes) -> None:
    """Write `content` to `path` whole or not at all; a file that stands there is replaced."""
    aside = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with aside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def sync_up_to(root: Path, path: Path) -> None:
    """Have a file, and every folder from its own up to `root`, on disk."""
    sync(path)
    for place in path.parents:
        sync(place)
        if place == root:
            return


def sync(place: Path) -> None:
    """Have a file or folder on disk."""
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
