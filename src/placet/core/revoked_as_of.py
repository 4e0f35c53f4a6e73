"""The log's signed list of revocations as of its newest checkpoint (protocol 8, ADR 14)."""

from __future__ import annotations

from msgspec import Struct

from placet.core.context import Context
from placet.core.decide import load
from placet.core.entities.revocations import all_revocations, all_revocations_premises
from placet.domain.log.checkpoint import Checkpoint, CheckpointKey, open_checkpoint
from placet.domain.verification.revocation_list import sign_revocations
from placet.errors import UnavailableError

_ATTEMPTS = 16


class RevokedAsOf(Struct, frozen=True, kw_only=True):
    """A checkpoint, its signed note, and the signed list of everything that was revoked then."""

    checkpoint: Checkpoint
    note: str
    revocations: bytes


async def revoked_as_of_now(context: Context) -> RevokedAsOf:
    """Return the newest checkpoint and the revocations as of it.

    Raise `UnavailableError`: `BUSY` where the log keeps growing, `SEALED`, and `LEDGER_CORRUPT`
    where a revocation is missing: none is left out unsaid.
    """
    for _ in range(_ATTEMPTS):
        note = await context.store.checkpoint()
        key = CheckpointKey(origin=context.issuer, public_key=context.checkpoint_signer.public_key)
        checkpoint = open_checkpoint(note, key)
        snapshot = await load(context, all_revocations_premises)
        if snapshot.head.size != checkpoint.size:
            continue
        revoked = all_revocations(snapshot)
        signed = sign_revocations(checkpoint, revoked, context.checkpoint_signer, known_to=snapshot.head.time)
        return RevokedAsOf(checkpoint=checkpoint, note=note, revocations=signed.encode())
    raise UnavailableError("BUSY", "the log kept growing while evidence was collected", hint="try again")
