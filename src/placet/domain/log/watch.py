"""When a log must stop: its head contradicts a checkpoint that somebody kept (protocol 7, anchors).

A chain alone cannot see that its tail was cut. A kept checkpoint can: the log must still be at
least that long, and must have the same root at that size.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from placet.domain.log.checkpoint import Checkpoint

_RECOVERY = "recovery comes in a later version; keep the home and the anchor as they are, and look for a newer copy"


class Reason(StrEnum):
    """Why a log is sealed."""

    ANCHOR_MISSING = "anchor_missing"
    ANCHOR_INVALID = "anchor_invalid"
    BEHIND = "behind"
    FORKED = "forked"
    DAMAGED = "damaged"


class Seal(Struct, frozen=True, kw_only=True):
    """What a log contradicts, for people, and what they can do."""

    reason: Reason
    message: str
    hint: str


def check_kept(kept: Checkpoint, size: int, root_at: Callable[[int], bytes], *, where: str) -> Seal | None:
    """Return the seal for a log of `size` entries that contradicts `kept`, or None.

    `root_at` gives the log's own root at a size up to `size`; `where` names the keeper.
    """
    if size < kept.size:
        message = f"the ledger has {size} entries, but the checkpoint kept in {where} has {kept.size}"
        return Seal(reason=Reason.BEHIND, message=message, hint=_RECOVERY)
    if root_at(kept.size) != kept.root:
        message = f"the ledger differs from the checkpoint of {kept.size} entries kept in {where}"
        return Seal(reason=Reason.FORKED, message=message, hint=_RECOVERY)
    return None


def missing_anchor(origin: str) -> Seal:
    """Return the seal of a log without an anchor: nothing proves that its tail is still there."""
    return Seal(
        reason=Reason.ANCHOR_MISSING,
        message=f"no anchor of {origin} was found",
        hint=f"look for the anchor folder; if it is lost, `placet ledger anchor --adopt {origin}` takes the "
        "present head as anchor, on the record",
    )


def invalid_anchor(origin: str) -> Seal:
    """Return the seal of a log whose anchor is no note that its key signed."""
    return Seal(
        reason=Reason.ANCHOR_INVALID,
        message=f"the anchor of {origin} is not a checkpoint signed by its key",
        hint=_RECOVERY,
    )


def damaged(origin: str) -> Seal:
    """Return the seal of a log whose first entry does not open it: what it is a log of cannot be told."""
    return Seal(
        reason=Reason.DAMAGED,
        message=f"entry 0 of {origin} is missing or altered",
        hint="run `placet ledger verify` and compare with a backup",
    )
