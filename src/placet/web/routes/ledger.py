"""The ledger: its entries for who may read everything, checkpoints and proofs for whoever has a key (protocol 7)."""

from __future__ import annotations

from placet.web.documents.certification import (
    CheckpointKept,
    CheckpointShown,
    ConsistencyProof,
    InclusionProof,
    LedgerPage,
    LedgerQuery,
    Observed,
    ProofQuery,
    VerificationWanted,
    Verified,
)
from placet.web.route import Answer, Call, Route

_TAG = "ledger"
_LEDGER = "/api/v1/ledger"
_READERS = 1
_VERIFICATION_COSTS = 100
"""How many requests of the key one verification counts for."""


async def show(call: Call) -> Answer:
    """Show how the ledger stands, and some of its entries."""
    return Answer(document=await call.placet.ledger.show(start=call.query.start, count=call.query.count))


async def verify(call: Call) -> Answer:
    """Recompute everything, and name the first contradiction: one at a time, for it takes a while."""
    call.charge(_VERIFICATION_COSTS)
    wanted: VerificationWanted = call.body
    done = await call.placet.ledger.verify(full=wanted.full, notes=tuple(wanted.checkpoints), readers=_READERS)
    return Answer(document=done)


async def checkpoint(call: Call) -> Answer:
    """Give out the signed note over everything there is, to be kept elsewhere."""
    return Answer(document=await call.placet.ledger.checkpoint())


async def prove(call: Call) -> Answer:
    """Prove that an entry is in the log."""
    return Answer(document=await call.placet.ledger.prove(call.query.seq, size=call.query.size))


async def prove_growth(call: Call) -> Answer:
    """Prove that the log only grew since a checkpoint that somebody kept."""
    return Answer(document=await call.placet.ledger.prove_growth(call.body.checkpoint))


async def observe(call: Call) -> Answer:
    """Hold the ledger against a checkpoint of it: where it is behind it, or differs, it is sealed from then on."""
    return Answer(document=await call.placet.ledger.observe(call.body.checkpoint))


ROUTES = (
    Route(
        method="GET",
        path=_LEDGER,
        handler=show,
        summary="Show the ledger",
        tag=_TAG,
        query=LedgerQuery,
        answers={200: LedgerPage},
        codes=("SCOPE_INSUFFICIENT",),
    ),
    Route(
        method="POST",
        path=f"{_LEDGER}/verification",
        handler=verify,
        summary="Verify the whole ledger",
        tag=_TAG,
        body=VerificationWanted,
        answers={200: Verified},
        codes=("SCOPE_INSUFFICIENT", "CHECKPOINT_INVALID"),
    ),
    Route(
        method="GET",
        path=f"{_LEDGER}/checkpoint",
        handler=checkpoint,
        summary="Give out the newest checkpoint",
        tag=_TAG,
        answers={200: CheckpointShown},
    ),
    Route(
        method="GET",
        path=f"{_LEDGER}/proof",
        handler=prove,
        summary="Prove that an entry is in the log",
        tag=_TAG,
        query=ProofQuery,
        answers={200: InclusionProof},
        codes=("SCOPE_INSUFFICIENT", "ENTRY_NOT_FOUND", "PROOF_OUT_OF_RANGE", "CHECKPOINT_NOT_FOUND"),
    ),
    Route(
        method="POST",
        path=f"{_LEDGER}/consistency",
        handler=prove_growth,
        summary="Prove that the log only grew",
        tag=_TAG,
        body=CheckpointKept,
        answers={200: ConsistencyProof},
        codes=("CHECKPOINT_INVALID", "PROOF_OUT_OF_RANGE", "ORIGIN_MISMATCH"),
    ),
    Route(
        method="POST",
        path=f"{_LEDGER}/observations",
        handler=observe,
        summary="Hold the ledger against a kept checkpoint",
        tag=_TAG,
        body=CheckpointKept,
        answers={200: Observed},
        codes=("CHECKPOINT_INVALID", "SEALED"),
    ),
)
