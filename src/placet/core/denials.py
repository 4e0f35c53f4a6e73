"""Denials are recorded: which check, by whom, of what; never the bytes that were shown (protocol 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from placet.core.context import Context
from placet.core.decide import Decision, decide, new_event_id
from placet.core.entities.denials import DeniedRequest
from placet.domain.authorization.checks import CheckDeniedError
from placet.domain.log.change import Snapshot
from placet.domain.log.entry import ACTOR
from placet.domain.values.digest import Digest, sha256
from placet.errors import PlacetError

ALERTS = frozenset(
    {
        "RECEIPT_CONSUMED",
        "RECEIPT_RESERVED",
        "RECEIPT_UNKNOWN",
        "RECEIPT_PAYLOAD_MISMATCH",
        "SIGNATURE_INVALID",
        "CHECK_FAILED",
        "SUBJECT_MISMATCH",
        "PARAMS_MISMATCH",
        "ARTIFACT_MISMATCH",
        "PLAN_MISMATCH",
    }
)
"""Codes that somebody should look at: replay, forgery, other bytes under an approved name, damaged rows."""


async def record_denial(
    context: Context, error: PlacetError, *, actor: str, run_id: str, operation_id: str, shown: object = None
) -> None:
    """Write an `authorization.denied` entry for `error`.

    A token that was shown appears by receipt id where its signature held, else by its digest; an
    actor whose name cannot stand in an entry by the name's digest: nobody escapes the record by
    being unspeakable. A denial changes no receipt. Raises `UnavailableError` where the ledger
    cannot take it.
    """
    checks: Mapping[str, str] = error.checks if isinstance(error, CheckDeniedError) else {}
    receipt_id = error.receipt_id if isinstance(error, CheckDeniedError) else ""
    unbelieved = shown if isinstance(shown, str) and not receipt_id else ""

    def decision(snapshot: Snapshot, now: datetime) -> Decision:  # noqa: ARG001 - rests on nothing
        denied = DeniedRequest(
            denial_id=new_event_id(context, now),
            code=error.code,
            sentence=printable(error.message),
            alert=error.code in ALERTS,
            checks={f"check_{number}": result for number, result in checks.items()},
            receipt_id=receipt_id,
            shown=_digest(unbelieved) if unbelieved else "",
            actor=_named(actor),
            run_id=printable(run_id),
            operation_id=printable(operation_id),
            denied_at=now,
        )
        return Decision(
            type="authorization.denied",
            actor=_named(actor),
            subject=printable(operation_id or run_id),
            data=denied.facts(),
            writes={denied.key: denied.to_object()},
            entry_id=denied.denial_id,
        )

    await decide(context, lambda _: (), decision)


def unverified(name: str) -> str:
    """Return the actor to record for who only claims to be `name`: nobody is charged with what others send."""
    return f"unverified:{name}"


def _named(actor: str) -> str:
    return actor if re.fullmatch(ACTOR, actor) else f"unknown:{_digest(actor)}"


def _digest(text: str) -> Digest:
    return sha256(text.encode("utf-8", "surrogatepass"))


def printable(text: str, limit: int = 500) -> str:
    """Return `text` as printable ASCII, everything else escaped, cut to `limit` characters."""
    return text.encode("unicode_escape").decode("ascii")[:limit]
