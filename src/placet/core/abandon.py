"""What nobody will publish any more: its run ends, its certificate is revoked (protocol 5 and 8)."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime

from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.receipts import BEGUN
from placet.core.entities.revocations import REVOCATIONS, revocation_writes
from placet.core.entities.runs import Run, RunState, operation_key, read_operation_state, read_run
from placet.core.entities.stored import entity_of, required
from placet.core.runs import move_run, stored_plan
from placet.domain.certificate.revocation import Revocation, RevocationReason
from placet.domain.log.certificate_records import CertificateRevoked
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.log.record_types import EntryType
from placet.domain.values.kinds import CORE_KINDS
from placet.errors import DeniedError

ACTOR = "service:core"


async def abandon_run(context: Context, run: Run, state: RunState, *, actor: str) -> Run:
    """End `run` in `state` and revoke its certificate, if it has one: it certifies what was never published.

    One that another process was just issuing is revoked too: none is issued once the run has ended.
    """
    if run.certificate_id:
        await revoke_unpublished(context, run.certificate_id)
    ended = await move_run(context, run.run_id, state, actor=actor)
    if ended.certificate_id != run.certificate_id:
        await revoke_unpublished(context, ended.certificate_id)
    return ended


async def give_way(context: Context, run: Run) -> None:
    """Abandon a run beside one that publishes the same archive, unless effects of it have begun: then it stays.

    The change that looks also revokes its certificate, so that none of them can begin afterwards. A
    run that was seen without a certificate ends only as it was seen: it may have come far meanwhile.
    """
    if run.certificate_id and not await revoke_unpublished(context, run.certificate_id, unless_begun=run):
        return
    with suppress(DeniedError):  # RUN_CLOSED: somebody else ended it meanwhile
        if run.certificate_id:
            await abandon_run(context, run, RunState.ABANDONED, actor=run.requester)
        else:
            await move_run(context, run.run_id, RunState.ABANDONED, actor=run.requester, unless_gone_on=run)


class _KeptError(Exception):
    """Nothing is to be revoked. `is_revoked` tells whether that was done before."""

    def __init__(self, *, is_revoked: bool) -> None:
        super().__init__()
        self.is_revoked = is_revoked


async def revoke_unpublished(context: Context, certificate_id: str, *, unless_begun: Run | None = None) -> bool:
    """Revoke a certificate whose publication will not come; return whether it is revoked now.

    Revoking twice changes nothing. With `unless_begun`, nothing is revoked where that run has gone
    on meanwhile or one of its effects has begun.
    """
    key = certificate_key(certificate_id)
    operations = await _effects_of(context, unless_begun) if unless_begun else ()
    guards = {unless_begun.key, *operations} if unless_begun else set[EntityKey]()

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        certificate = read_certificate(required(snapshot, key, "certificate"))
        if certificate.revocation is not None:
            raise _KeptError(is_revoked=True)
        if unless_begun and _has_gone_on(snapshot, unless_begun, operations):
            raise _KeptError(is_revoked=False)
        revocation = Revocation(
            certificate_id=certificate_id,
            reason=RevocationReason.CESSATION_OF_OPERATION,
            revoked_at=now,
            invalid_since=now,
        )
        return Decision(
            type=EntryType.CERTIFICATE_REVOKED,
            actor=ACTOR,
            subject=f"{certificate.package}@{certificate.version}",
            data=CertificateRevoked(revocation=revocation.to_object(), receipt={}).to_object(),
            writes=revocation_writes(snapshot, certificate, revocation),
        )

    try:
        await decide(context, lambda _: {key, REVOCATIONS} | guards, decision)
    except _KeptError as kept:
        return kept.is_revoked
    return True


async def _effects_of(context: Context, run: Run) -> tuple[EntityKey, ...]:
    """Return the keys of the operations of a run's newest plan that act outside."""
    plan = await stored_plan(context, run.run_id, run.plans)
    return tuple(operation_key(each.operation_id) for each in plan.operations if each.operation_kind not in CORE_KINDS)


def _has_gone_on(snapshot: Snapshot, run: Run, operations: Collection[EntityKey]) -> bool:
    if read_run(required(snapshot, run.key, "run")).plans != run.plans:
        return True
    entities = (entity_of(snapshot, key) for key in operations)
    return any(read_operation_state(entity).state in BEGUN for entity in entities if entity is not None)
