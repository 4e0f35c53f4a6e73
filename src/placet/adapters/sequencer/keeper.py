"""The keeper of a log's checkpoints: it watches the head, signs it, anchors it, and seals (protocol 7)."""

from __future__ import annotations

from collections.abc import Callable

from placet.domain.log.checkpoint import (
    Checkpoint,
    CheckpointKey,
    CheckpointSigner,
    open_checkpoint,
    parse_vkey,
    sign_checkpoint,
)
from placet.domain.log.entry import parse_genesis
from placet.domain.log.sequence import LogHead
from placet.domain.log.watch import Reason, Seal, check_kept, damaged, invalid_anchor, missing_anchor
from placet.errors import ConfigurationError, InvalidInputError, VerificationError
from placet.ports.anchor import Anchor
from placet.ports.store import SealedError

ReadHead = Callable[[], LogHead]
RootAt = Callable[[int], bytes]
"""The log's own root at a size that it has reached."""


class Keeper:
    """Holds the highest checkpoint this process has seen, and the anchor; says when to stop.

    Its seal ends only for a missing anchor that came back or was adopted. Every other
    contradiction lasts as long as the process, and longer where the anchor shows it.
    """

    def __init__(self, key: CheckpointKey, signer: CheckpointSigner, anchor: Anchor) -> None:
        """Watch the log of `key`; raise `ConfigurationError` if `signer` has another key."""
        if signer.public_key != key.public_key:
            raise ConfigurationError("CHECKPOINT_KEY_MISMATCH", f"the signing key is not the one of {key.origin}")
        self.key = key
        self.seal: Seal | None = None
        self._signer = signer
        self._anchor = anchor
        self._anchored_as = ""
        self._agreed = ""
        self._seen: LogHead | None = None
        self._unanchored = False

    @classmethod
    def of(cls, first_entry: bytes, origin: str, signer: CheckpointSigner, anchor: Anchor) -> Keeper:
        """Watch the log that `first_entry` opens; one that it does not open is sealed, and can be read.

        Raise `ConfigurationError` (`CHECKPOINT_KEY_MISMATCH`).
        """
        try:
            return cls(parse_vkey(parse_genesis(first_entry)[1]), signer, anchor)
        except InvalidInputError:
            keeper = cls(CheckpointKey(origin=origin, public_key=signer.public_key), signer, anchor)
            keeper.seal = damaged(origin)
            return keeper

    def watch(self, read_head: ReadHead, root_at: RootAt) -> Seal | None:
        """Compare the head with all that is kept, and return the seal if there is one.

        The anchor is read before the head: an anchor ahead can then only mean that the log went
        back, not that another process is just writing.
        """
        if self.seal is None or self.seal.reason is Reason.ANCHOR_MISSING:
            stamp = self._anchor.stamp(self.key.origin)
            moved = not stamp or stamp != self._anchored_as
            notes = self._anchor.read(self.key.origin) if moved else ()
            head = read_head()
            self.seal = self._check_seen(head, root_at)
            if moved and self.seal is None:
                self.seal = self._check_notes(notes, head, root_at)
                if self.seal is None:
                    self._anchored_as, self._agreed = stamp, notes[-1]
                else:
                    self._anchored_as = ""
            if self.seal is None:
                self.saw(head)
        return self.seal

    def glimpse(self, size: int) -> None:
        """Seal if a head of `size` entries, met while reading, is behind what was seen before."""
        if self.seal is None and self._seen is not None and size < self._seen.size:
            self.seal = check_kept(self._checkpoint(self._seen), size, lambda _: b"", where="this process")

    def admit(self, head: LogHead, root_at: RootAt, *, adopting: bool) -> None:
        """Let a group be written onto `head`, read under the write lock, or raise.

        Raise `SealedError` (`SEALED`); `UnavailableError` (`AUDIT_UNAVAILABLE`) while the anchor
        cannot be replaced; `ConfigurationError` (`ANCHOR_NOT_MISSING`) where adopting is not called for.
        """
        seal = self.watch(lambda: head, root_at)
        if adopting and seal is None:
            raise ConfigurationError("ANCHOR_NOT_MISSING", f"the anchor of {self.key.origin} is where it should be")
        if seal is not None and not (adopting and seal.reason is Reason.ANCHOR_MISSING):
            raise _sealed(seal)
        if self._unanchored:
            self.acknowledge(head, lambda: head, root_at)

    def acknowledge(self, head: LogHead, read_head: ReadHead, root_at: RootAt) -> str:
        """Sign a committed head, replace the anchor, and return the note: only now may anybody be answered.

        Raise `UnavailableError` (`AUDIT_UNAVAILABLE`) if either fails; then no group is admitted
        before the anchor has been brought up to date. Raise `SealedError` where another copy of
        this log was anchored since the group was admitted: nobody may be told that `head` stands.
        """
        self._unanchored = True
        note = sign_checkpoint(self._checkpoint(head), self._signer)
        with self._anchor.alone(self.key.origin):
            if self._is_newer_than_kept(head, read_head, root_at):
                self._anchored_as, self._agreed = self._anchor.replace(self.key.origin, note), note
        self._unanchored = False
        self.seal = None
        return note

    def saw(self, head: LogHead) -> None:
        """Keep `head` as the highest seen. Call it where no older head is just being looked at."""
        self._seen = head

    def sign(self, size: int, root: bytes) -> str:
        """Return the note of a size again; raise `SealedError` rather than sign a doubtful root."""
        if self.seal is not None:
            raise _sealed(self.seal)
        return sign_checkpoint(Checkpoint(origin=self.key.origin, size=size, root=root), self._signer)

    def observe(self, note: str, head: LogHead, root_at: RootAt) -> None:
        """Compare the log with a note kept elsewhere; one that it contradicts seals and is kept as anchor.

        Raise `VerificationError` (`CHECKPOINT_INVALID`) for a note that our key did not sign.
        """
        seal = check_kept(open_checkpoint(note, self.key), head.size, root_at, where="what was shown")
        if seal is not None:
            self.seal = seal
            with self._anchor.alone(self.key.origin):
                self._anchor.replace(self.key.origin, note, lasting=True)

    def kept_notes(self) -> tuple[str, ...]:
        """Return the notes in the anchor, believed in nothing."""
        return self._anchor.read(self.key.origin)

    def close(self) -> None:
        """Make the anchor durable."""
        self._anchor.close()

    def _check_seen(self, head: LogHead, root_at: RootAt) -> Seal | None:
        if self._seen is None or head.frontier == self._seen.frontier:
            return None
        return check_kept(self._checkpoint(self._seen), head.size, root_at, where="this process")

    def _check_notes(self, notes: tuple[str, ...], head: LogHead, root_at: RootAt) -> Seal | None:
        if not notes:
            return missing_anchor(self.key.origin)
        try:
            kept = [open_checkpoint(note, self.key) for note in notes]
        except VerificationError:
            return invalid_anchor(self.key.origin)
        seals = (check_kept(one, head.size, root_at, where="the anchor") for one in kept)
        return next((seal for seal in seals if seal), None)

    def _is_newer_than_kept(self, head: LogHead, read_head: ReadHead, root_at: RootAt) -> bool:
        """Tell whether `head` is to be anchored, or what another process of this log anchored covers it.

        The newest note itself is compared with the one that last agreed: a stamp made of coarse times may miss one.
        """
        notes = self._anchor.read(self.key.origin)
        if not notes or notes[-1] == self._agreed:
            return True
        seal = self._check_notes(notes, read_head(), root_at)
        if seal is not None:
            self.seal = seal
            raise _sealed(seal)
        self._anchored_as = ""
        return all(open_checkpoint(note, self.key).size < head.size for note in notes)

    def _checkpoint(self, head: LogHead) -> Checkpoint:
        return Checkpoint(origin=self.key.origin, size=head.size, root=head.root)


def _sealed(seal: Seal) -> SealedError:
    return SealedError("SEALED", seal.message, hint=seal.hint)
