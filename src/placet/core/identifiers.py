"""Identifiers that the Core gives out: unique, never recycled, time-ordered where they are once keys (contract 2)."""

from __future__ import annotations

from datetime import datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOWER = "0123456789abcdefghijklmnopqrstuvwxyz"
RUN_RANDOM_BYTES = 10
EVENT_RANDOM_BYTES = 8
RECEIPT_RANDOM_BYTES = 6


def run_id(now: datetime, random: bytes) -> str:
    """Return `run_` and a ULID of the instant (48 bits of ms) and ten random bytes."""
    number = (_milliseconds(now) << 80) | int.from_bytes(random[:RUN_RANDOM_BYTES], "big")
    return "run_" + "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def event_id(now: datetime, random: bytes) -> str:
    """Return `evt_`, the UTC second and six of `[a-z0-9]`."""
    return f"evt_{now:%Y%m%d%H%M%S}_{_six(random)}"


def freeze_id(now: datetime, random: bytes) -> str:
    """Return `frz_`, the UTC second and six of `[a-z0-9]`."""
    return f"frz_{now:%Y%m%d%H%M%S}_{_six(random)}"


def registration_id(now: datetime, random: bytes) -> str:
    """Return `reg_`, Unix milliseconds and six of `[a-z0-9]`."""
    return f"reg_{_milliseconds(now)}_{_six(random)}"


def receipt_id(now: datetime, random: bytes) -> str:
    """Return `fc-receipt-`, date, time and twelve hex digits."""
    return f"fc-receipt-{now:%Y%m%d-%H%M%S}-{random[:RECEIPT_RANDOM_BYTES].hex()}"


def _milliseconds(now: datetime) -> int:
    return int(now.timestamp() * 1000)


def _six(random: bytes) -> str:
    number = int.from_bytes(random[:EVENT_RANDOM_BYTES], "big")
    letters = []
    for _ in range(6):
        number, digit = divmod(number, 36)
        letters.append(_LOWER[digit])
    return "".join(letters)
