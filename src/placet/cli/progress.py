"""The steps of a long command, told while it goes on."""

from __future__ import annotations

from placet.cli.output import tell

_STEPS = {"executed": "", "approvals": "", "blocked by mode": "dry run"}
"""Steps that are told by another word; those without one are not told: what follows says so anyway."""


def told(step: str, detail: str) -> None:
    """Tell one step, on standard error."""
    word = _STEPS.get(step, step)
    if word:
        tell(f"{word:<11}{detail}")
