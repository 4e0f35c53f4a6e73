"""Sign what somebody says about a plan, where their key is (protocol 6).

The same on the machine of the installation and in a client of its service: what is signed are the
digests of the plan and of the text on the ballot, whoever sent it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from placet.domain.authorization.approval import Approval, ApprovalDecision
from placet.domain.authorization.ballot import Ballot, Signed, fill_in, groups_spoken_for
from placet.domain.authorization.break_glass import LONGEST
from placet.domain.values.digest import sha256
from placet.errors import InvalidInputError
from placet.ports.approval_signer import ApprovalSigner

JUSTIFICATION_LIMIT_BYTES = 64 * 1024


class Pen(Struct, frozen=True, kw_only=True):
    """Who signs, with which key (its file, or the `.pub` of one in an agent), made by which signer, at what time."""

    approver: str
    key: Path
    signer: ApprovalSigner
    at: datetime

    async def sign(self, ballot: Ballot, decision: ApprovalDecision, group: str) -> Signed:
        """Sign one decision for one group."""
        return await self._signed(await self._filled_in(ballot, decision, group))

    async def sign_exception(self, ballot: Ballot, waives: Collection[str], justification: bytes) -> Signed:
        """Sign that what `waives` names does not hold for the plan, for an hour.

        Raise `InvalidInputError` (`BREAK_GLASS_INVALID`) for a justification that is empty or over
        64 KiB, and where the policy lets nobody break the glass.
        """
        check_justification(justification)
        if not ballot.breaks_glass:
            raise InvalidInputError(
                "BREAK_GLASS_INVALID",
                "the policy in force lets nobody break the glass",
                hint="it names who may as: [break_glass] group = ...",
            )
        approval = await self._filled_in(ballot, ApprovalDecision.BREAK_GLASS, ballot.breaks_glass)
        return await self._signed(
            replace(
                approval,
                expires_at=approval.issued_at + LONGEST,
                waives=tuple(sorted(set(waives))),
                justification=sha256(justification),
            )
        )

    async def _filled_in(self, ballot: Ballot, decision: ApprovalDecision, group: str) -> Approval:
        key_id = (await self.signer.public_key(self.key)).key_id
        return fill_in(ballot, approver=self.approver, key_id=key_id, decision=decision, group=group, at=self.at)

    async def _signed(self, approval: Approval) -> Signed:
        encoded = approval.encode()
        return Signed(encoded=encoded, signature=await self.signer.sign(encoded, self.key))


async def sign_for_groups(pen: Pen, ballot: Ballot, decision: str, group: str) -> list[Signed]:
    """Sign a decision (`approve`, `deny`, `withdraw`) for `group`, or for every group that `pen` may speak for."""
    kind = ApprovalDecision(decision)
    return [await pen.sign(ballot, kind, each) for each in groups_spoken_for(ballot, kind, group)]


def check_justification(justification: bytes) -> None:
    """Return only for a text of at most 64 KiB; raise `InvalidInputError` (`BREAK_GLASS_INVALID`)."""
    if not justification.strip() or len(justification) > JUSTIFICATION_LIMIT_BYTES:
        raise InvalidInputError(
            "BREAK_GLASS_INVALID", f"a justification is a text of at most {JUSTIFICATION_LIMIT_BYTES} bytes"
        )
