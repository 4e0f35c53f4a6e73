"""Prove that an entry is in the log, and that the log only grew (protocol 7, RFC 6962)."""

from __future__ import annotations

from msgspec import Struct

from placet.domain.log.checkpoint import open_checkpoint, parse_vkey
from placet.domain.log.merkle import leaf_hash, verify_consistency, verify_inclusion
from placet.errors import NotFoundError
from placet.ports.ledger import Ledger
from placet.ports.store import Store


class EntryProof(Struct, frozen=True, kw_only=True):
    """Entry `seq`, its audit path, and the checkpoint of `size` entries that it leads to."""

    seq: int
    content: bytes
    size: int
    path: tuple[bytes, ...]
    checkpoint: str


class GrowthProof(Struct, frozen=True, kw_only=True):
    """That the log of an older checkpoint is the beginning of the log of a newer one."""

    old_size: int
    new_size: int
    path: tuple[bytes, ...]
    checkpoint: str


async def prove_entry(store: Store, ledger: Ledger, seq: int, *, size: int | None = None) -> EntryProof:
    """Return the inclusion proof of entry `seq` under the checkpoint of `size`, by default the newest.

    The proof is verified before it is given out. Raise `NotFoundError` (`ENTRY_NOT_FOUND`,
    `CHECKPOINT_NOT_FOUND`), `SealedError`, and `VerificationError` where the stored tree does not
    lead from the entry to the checkpoint.
    """
    status = await ledger.status()
    note = await store.checkpoint(size)
    kept = open_checkpoint(note, parse_vkey(status.vkey))
    contents = [content async for content in store.entries(seq, seq + 1)] if 0 <= seq < kept.size else []
    if not contents:
        raise NotFoundError(
            "ENTRY_NOT_FOUND",
            f"there is no entry {seq} among {kept.size}",
            hint=f"give a number from 0 to {kept.size - 1}; placet ledger show lists the newest",
        )
    path = await store.inclusion_proof(seq, kept.size)
    verify_inclusion(leaf_hash(contents[0]), seq, kept.size, path, kept.root)
    return EntryProof(seq=seq, content=contents[0], size=kept.size, path=tuple(path), checkpoint=note)


async def prove_growth(store: Store, ledger: Ledger, note: str) -> GrowthProof:
    """Return the proof that the log still contains everything that `note` stated.

    Raise `VerificationError` (`CHECKPOINT_INVALID`, `PROOF_INVALID`), or `InvalidInputError`
    (`PROOF_OUT_OF_RANGE`) where the log has fewer entries.
    """
    key = parse_vkey((await ledger.status()).vkey)
    old = open_checkpoint(note, key)
    newest = await store.checkpoint()
    new = open_checkpoint(newest, key)
    path = await store.consistency_proof(old.size, new.size)
    verify_consistency(old.size, new.size, path, old.root, new.root)
    return GrowthProof(old_size=old.size, new_size=new.size, path=tuple(path), checkpoint=newest)
