"""Break-glass: waive approvals or a freeze for one publication, and review what was published so (protocol 6)."""

from __future__ import annotations

from pathlib import Path

from placet.bootstrap import Opened
from placet.core.entities.freezes import FREEZES, open_freezes
from placet.core.signing import Pen, check_justification
from placet.domain.authorization.approval import Approval, ApprovalDecision, parse_approval
from placet.domain.authorization.ballot import Ballot, Signed
from placet.domain.authorization.render import fingerprint
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.digest import Digest, sha256
from placet.domain.values.time import format_instant
from placet.errors import InvalidInputError, NotFoundError
from placet.facade.visible import check_run_seen
from placet.ports.approval_signer import ApprovalSigner
from placet.usecases.approve_plan import record_approval
from placet.usecases.show_run import show_run


class BreakGlass:
    """What two persons may waive by name, and what somebody else has to look at afterwards."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._context = opened.context
        self._opened = opened

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
        """Sign that what `waives` names does not hold for this plan, for an hour; two signatures break the glass.

        Both persons have to give the same names and the same bytes of justification, which are kept;
        the ledger has their digest. Raise `InvalidInputError` (`BREAK_GLASS_INVALID`) for a
        justification that is empty or over 64 KiB, `DeniedError` where it does not count.
        """
        pen = Pen(approver=approver, key=key, signer=signer, at=self._context.clock.now())
        return await self.record(ballot.run_id, await pen.sign_exception(ballot, waives, justification), justification)

    async def record(self, run_id: str, signed: Signed, justification: bytes) -> Object:
        """Put on record what one person signed away, and keep the text of its justification.

        Raise as `approve`, and `InvalidInputError` (`APPROVAL_INVALID`) for what is no exception of this run.
        """
        await check_run_seen(self._opened, run_id)
        check_justification(justification)
        approval = _of_kind(run_id, signed, ApprovalDecision.BREAK_GLASS)
        if approval.justification != sha256(justification):
            raise InvalidInputError("APPROVAL_INVALID", "what was signed names another justification")
        await self._context.blobs.put(justification)
        await record_approval(self._context, signed.encoded, signed.signature)
        return {
            "run_id": run_id,
            "approver": approval.approver,
            "waives": list[Value](approval.waives),
            "justification": approval.justification,
            "fingerprint": fingerprint(approval.plan_digest),
            "expires_at": format_instant(approval.expires_at),
            "broken": await self._is_broken(run_id),
        }

    async def review(self, ballot: Ballot, *, approver: str, key: Path, signer: ApprovalSigner) -> Object:
        """Sign that `approver` looked at what was published under break-glass: its package will not freeze."""
        pen = Pen(approver=approver, key=key, signer=signer, at=self._context.clock.now())
        return await self.record_review(ballot.run_id, await pen.sign(ballot, ApprovalDecision.REVIEW, ""))

    async def record_review(self, run_id: str, signed: Signed) -> Object:
        """Put a review on record; raise as `record_approval`, and `APPROVAL_INVALID` for anything else."""
        await check_run_seen(self._opened, run_id)
        approval = _of_kind(run_id, signed, ApprovalDecision.REVIEW)
        await record_approval(self._context, signed.encoded, signed.signature)
        return {"run_id": run_id, "approver": approval.approver, "fingerprint": fingerprint(approval.plan_digest)}

    async def show(self, run_id: str) -> Object:
        """Return every exception that was signed for a run, with its justification, and until when a review is owed.

        Raise `NotFoundError` where nobody tried to break the glass for it.
        """
        await check_run_seen(self._opened, run_id)
        view = await show_run(self._context, run_id)
        said = [each.approval for each in view.approvals if each.approval.decision is ApprovalDecision.BREAK_GLASS]
        if not said:
            raise NotFoundError(
                "NOT_FOUND",
                f"nobody broke the glass for run {run_id[:60]}",
                hint=f"see who approved it: placet run show {run_id[:60]}",
            )
        freezes = open_freezes(await self._context.store.load([FREEZES]))
        owed = next((freeze.begins_at for freeze in freezes if freeze.run_id == run_id), None)
        return {
            "run_id": run_id,
            "subject": view.run.subject,
            "exceptions": [await self._exception(each) for each in said],
            "broken": await self._is_broken(run_id),
            "review_until": format_instant(owed) if owed else "",
        }

    async def _exception(self, approval: Approval) -> Object:
        text = await self._context.blobs.get(Digest(approval.justification))
        return {
            "approver": approval.approver,
            "waives": list[Value](approval.waives),
            "justification": approval.justification,
            "text": text.decode("utf-8", "backslashreplace"),
            "expires_at": format_instant(approval.expires_at),
        }

    async def _is_broken(self, run_id: str) -> bool:
        view = await show_run(self._context, run_id)
        return any(each.judgement.glass is not None for each in view.operations)


def _of_kind(run_id: str, signed: Signed, kind: ApprovalDecision) -> Approval:
    approval = parse_approval(signed.encoded)
    if approval.run_id != run_id or approval.decision is not kind:
        raise InvalidInputError("APPROVAL_INVALID", f"what was signed is no {kind.value} of run {run_id[:60]}")
    return approval
