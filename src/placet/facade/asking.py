"""Asking for a governed act in somebody's name, as every verb does that needs one (protocol 6)."""

from __future__ import annotations

from placet.bootstrap import Opened
from placet.core.governed import ask
from placet.core.runs import Intent
from placet.domain.encoding.canonical import Object
from placet.facade.requester import governing_requester


async def ask_as(opened: Opened, intent: Intent, requester: str, contents: dict[str, bytes] | None = None) -> Object:
    """Ask for one governed act and return what became of it; raise as `core.governed.ask`."""
    who = await governing_requester(opened, requester)
    asked = await ask(opened.context, intent, requester=who, contents=contents or {})
    return {
        "run_id": asked.run.run_id,
        "receipt_id": asked.report.receipt_id,
        "operation": intent.kind.value,
        "subject": str(intent.subject),
        **asked.report.response,
    }
