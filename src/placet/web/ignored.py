"""What was sent and has no place is ignored, and said so (contract 1)."""

from __future__ import annotations

from placet.web.route import Call


def warnings_of(call: Call) -> list[str]:
    """Return one sentence for each member of the body that was ignored."""
    return [f"{name[:80]!a} is not known here and was ignored" for name in sorted(call.unknown)[:20]]
