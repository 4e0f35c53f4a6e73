"""Break-glass: waive approvals or a freeze for one publication, and review what was published so (protocol 6)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from placet.bootstrap import Opened
from placet.core.entities.freezes import FREEZES, open_freezes
from placet.core.entities.governance import POLICY_IN_FORCE
from placet.core.judgement import policy_in_force
from placet.domain.authorization.approval import Approval, ApprovalDecision
from placet.domain.authorization.break_glass import LONGEST
from placet.domain.authorization.render import fingerprint
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.digest import Digest
from placet.domain.values.time import format_instant
from placet.errors import InvalidInputError, NotFoundError
from placet.ports.approval_signer import ApprovalSigner
from placet.usecases.approve_plan import Ballot, fill_in, record_approval
from placet.usecases.show_run import show_run

LIMIT_BYTES = 64 * 1024


class BreakGlass:
    """What two persons may waive by name, and what somebody else has to look at afterwards."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._context = opened.context

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
        if not justification.strip() or len(justification) > LIMIT_BYTES:
            raise InvalidInputError("BREAK_GLASS_INVALID", f"a justification is a text of at most {LIMIT_BYTES} bytes")
        public_key = await signer.public_key(key)
        approval = fill_in(
            self._context,
            ballot,
            approver=approver,
            key_id=public_key.key_id,
            decision=ApprovalDecision.BREAK_GLASS,
            group=await self._group(),
        )
        approval = replace(
            approval,
            expires_at=approval.issued_at + LONGEST,
            waives=tuple(sorted(set(waives))),
            justification=await self._context.blobs.put(justification),
        )
        encoded = approval.encode()
        await record_approval(self._context, encoded, await signer.sign(encoded, key))
        return {
            "run_id": ballot.run.run_id,
            "approver": approver,
            "waives": list[Value](approval.waives),
            "justification": approval.justification,
            "fingerprint": fingerprint(ballot.plan.digest()),
            "expires_at": format_instant(approval.expires_at),
            "broken": await self._is_broken(ballot.run.run_id),
        }

    async def review(self, ballot: Ballot, *, approver: str, key: Path, signer: ApprovalSigner) -> Object:
        """Sign that `approver` looked at what was published under break-glass: its package will not freeze."""
        public_key = await signer.public_key(key)
        approval = fill_in(
            self._context,
            ballot,
            approver=approver,
            key_id=public_key.key_id,
            decision=ApprovalDecision.REVIEW,
            group="",
        )
        encoded = approval.encode()
        await record_approval(self._context, encoded, await signer.sign(encoded, key))
        return {
            "run_id": ballot.run.run_id,
            "approver": approver,
            "fingerprint": fingerprint(ballot.plan.digest()),
        }

    async def show(self, run_id: str) -> Object:
        """Return every exception that was signed for a run, with its justification, and until when a review is owed.

        Raise `NotFoundError` where nobody tried to break the glass for it.
        """
        view = await show_run(self._context, run_id)
        said = [each for each, _ in view.approvals if each.decision is ApprovalDecision.BREAK_GLASS]
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

    async def _group(self) -> str:
        policy = policy_in_force(await self._context.store.load([POLICY_IN_FORCE]))
        if policy is None or not policy.break_glass:
            raise InvalidInputError(
                "BREAK_GLASS_INVALID",
                "the policy in force lets nobody break the glass",
                hint="it names who may as: [break_glass] group = ...",
            )
        return policy.break_glass
