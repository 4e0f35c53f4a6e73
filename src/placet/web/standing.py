"""How the process itself stands, beside the installation that it serves."""

from __future__ import annotations

from msgspec import Struct


class Standing(Struct):
    """Whether the end was asked for: then nothing new should be sent here."""

    ending: bool = False
