"""Policies that come with Placet, as the TOML bytes that are activated: never edited in place.

`trial` needs no approvals and says so; `example` is one for a team to start from.
"""

from __future__ import annotations

from importlib import resources
from typing import Literal


def bundled_policy(name: Literal["trial", "example"]) -> bytes:
    """Return the bytes of the policy document of that name."""
    return resources.files(__name__).joinpath(f"{name}.toml").read_bytes()
