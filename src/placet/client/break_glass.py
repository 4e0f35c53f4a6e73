"""Break-glass at a service: what is waived is signed here, by whose key lies here."""

from __future__ import annotations

from pathlib import Path

from placet.client.tools import Tools
from placet.client.waiting import RUNS
from placet.client.wire import Wire
from placet.core.signing import Pen
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.ballot import Ballot, Signed
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.strict_base64 import encode_base64
from placet.ports.approval_signer import ApprovalSigner


class RemoteBreakGlass:
    """What two persons may waive by name, and what somebody else has to look at afterwards."""

    def __init__(self, wire: Wire, tools: Tools) -> None:
        """Ask over `wire`."""
        self._wire = wire
        self._tools = tools

    async def approve(
        self,
        ballot: Ballot,
        waives: tuple[str, ...],
        justification: bytes,
        *,
        approver: str,
        key: Path,
        signer: ApprovalSigner,
    ) -> Object:
        """Sign that what `waives` names does not hold for this plan, for an hour, and have it recorded."""
        pen = Pen(approver=approver, key=key, signer=signer, at=self._tools.clock.now())
        signed = await pen.sign_exception(ballot, waives, justification)
        body = {**signed_object(signed), "justification": encode_base64(justification)}
        return await self._wire.post(*RUNS, ballot.run_id, "break-glass", body=body)

    async def review(self, ballot: Ballot, *, approver: str, key: Path, signer: ApprovalSigner) -> Object:
        """Sign that `approver` looked at what was published under break-glass, and have it recorded."""
        pen = Pen(approver=approver, key=key, signer=signer, at=self._tools.clock.now())
        signed = await pen.sign(ballot, ApprovalDecision.REVIEW, "")
        return await self._wire.post(*RUNS, ballot.run_id, "reviews", body=signed_object(signed))

    async def show(self, run_id: str) -> Object:
        """Return every exception that was signed for a run, and until when a review is owed."""
        return await self._wire.get(*RUNS, run_id, "break-glass")


def signed_object(signed: Signed) -> dict[str, str]:
    """Return something signed as it goes over the network."""
    return {"approval": signed.encoded.decode("ascii"), "signature": encode_base64(signed.signature)}
