"""What nobody will publish any more: its run ends, its certificate is revoked (protocol 5 and 8)."""

from __future__ import annotations

from datetime import datetime

from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.runs import Run, RunState
from placet.core.entities.stored import required
from placet.core.runs import move_run
from placet.domain.certificate.revocation import Revocation, RevocationReason
from placet.domain.log.certificate_records import CertificateRevoked
from placet.domain.log.change import Snapshot
from placet.domain.log.record_types import EntryType

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


async def revoke_unpublished(context: Context, certificate_id: str) -> None:
    """Revoke a certificate whose publication will not come. Revoking twice changes nothing."""
    key = certificate_key(certificate_id)
    if read_certificate(required(await context.store.load([key]), key, "certificate")).revocation is not None:
        return

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        certificate = read_certificate(required(snapshot, key, "certificate"))
        revocation = certificate.revocation or Revocation(
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
            writes={key: certificate.revoked(revocation).to_object()},
        )

    await decide(context, lambda _: (key,), decision)
