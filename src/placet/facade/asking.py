"""Asking for a governed act in somebody's name, as every verb does that needs one (protocol 6)."""

from __future__ import annotations

from placet.bootstrap import Opened
from placet.core.governed import ask
from placet.core.runs import Intent
from placet.domain.encoding.canonical import PLAN_LIMIT_BYTES, Object, encode
from placet.errors import InvalidInputError
from placet.facade.requester import governing_requester


async def ask_as(opened: Opened, intent: Intent, requester: str, contents: dict[str, bytes] | None = None) -> Object:
    """Ask for one governed act and return what became of it.

    Raise `InvalidInputError` (`PLAN_INVALID`) for what no plan can hold, and as `core.governed.ask`.
    """
    _check_can_be_planned(intent)
    who = await governing_requester(opened, requester)
    asked = await ask(opened.context, intent, requester=who, contents=contents or {})
    return {
        "run_id": asked.run.run_id,
        "receipt_id": asked.report.receipt_id,
        "operation": intent.kind.value,
        "subject": str(intent.subject),
        **asked.report.response,
    }


def _check_can_be_planned(intent: Intent) -> None:
    try:
        encode({"name": intent.subject.name, "params": dict(intent.params)}, limit=PLAN_LIMIT_BYTES)
    except InvalidInputError as error:
        raise InvalidInputError("PLAN_INVALID", f"no plan can hold what is asked for: {error.message}") from error
