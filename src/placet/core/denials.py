"""Denials are recorded: which check, by whom, of what; never the bytes that were shown (protocol 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from placet.core.bundles import DenialBundles, Denied
from placet.core.context import Context
from placet.core.decide import Decision, decide, new_event_id
from placet.core.entities.denials import DeniedRequest
from placet.domain.authorization.checks import CheckDeniedError
from placet.domain.log.change import Snapshot
from placet.domain.log.entry import ACTOR
from placet.domain.values.digest import Digest, sha256
from placet.domain.values.time import cut_to_milliseconds
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
    """Record that `error` denied something: as an `authorization.denied` entry, or with others of its kind.

    A token that was shown appears by receipt id where its signature held, else by its digest; an
    actor whose name cannot stand in an entry by the name's digest: nobody escapes the record by
    being unspeakable. A denial changes no receipt. Raises `UnavailableError` where the ledger
    cannot take it.
    """
    denied = _denied(context, error, actor=actor, shown=shown)
    await _record(context, replace(denied, run_id=printable(run_id), operation_id=printable(operation_id)))


async def record_at_the_edge(
    context: Context, error: PlacetError, *, actor: str, source: str, shown: object = None
) -> None:
    """Record as `record_denial` what was denied before it was about any run; `source` is told apart, not recorded."""
    await _record(context, replace(_denied(context, error, actor=actor, shown=shown), source=source))


async def record_counted(context: Context, bundles: DenialBundles, *, closing: bool = False) -> None:
    """Record what `bundles` counted: as much as a minute has room for, or all of it where this is the end.

    Raise `UnavailableError` where the ledger cannot take it; it is kept.
    """
    record = bundles.close if closing else bundles.flush
    await record(context.clock.now(), partial(_write, context))


def _denied(context: Context, error: PlacetError, *, actor: str, shown: object) -> Denied:
    checks: Mapping[str, str] = error.checks if isinstance(error, CheckDeniedError) else {}
    receipt_id = error.receipt_id if isinstance(error, CheckDeniedError) else ""
    unbelieved = shown if isinstance(shown, str) and not receipt_id else ""
    return Denied(
        code=error.code,
        sentence=printable(error.message),
        alert=error.code in ALERTS,
        checks={f"check_{number}": result for number, result in checks.items()},
        receipt_id=receipt_id,
        shown=_digest(unbelieved) if unbelieved else "",
        actor=_named(actor),
        run_id="",
        operation_id="",
        source=actor,
        since=cut_to_milliseconds(context.clock.now()),
    )


async def _record(context: Context, denied: Denied) -> None:
    context.meter.denied(denied.code, alert=denied.alert)
    await context.recorder.take(denied, partial(_write, context))


async def _write(context: Context, denied: Denied) -> None:
    def decision(snapshot: Snapshot, now: datetime) -> Decision:  # noqa: ARG001 - rests on nothing
        request = DeniedRequest(
            denial_id=new_event_id(context, now),
            code=denied.code,
            sentence=denied.sentence,
            alert=denied.alert,
            checks=denied.checks,
            receipt_id=denied.receipt_id,
            shown=denied.shown,
            actor=denied.actor,
            run_id=denied.run_id,
            operation_id=denied.operation_id,
            denied_at=now,
            times=denied.times,
            since=min(denied.since, now),
        )
        return Decision(
            type="authorization.denied",
            actor=denied.actor,
            subject=denied.operation_id or denied.run_id,
            data=request.facts(),
            writes={request.key: request.to_object()},
            entry_id=request.denial_id,
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
