"""Publish, rehearse, approve, resume, reconcile, and look at runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from placet.bootstrap import Opened
from placet.core.lookup import list_runs
from placet.core.runs import stored_run
from placet.core.sight import Sight, sight_of
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.phrase import check_phrase, phrase
from placet.domain.authorization.render import fingerprint
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.kinds import OperationKind
from placet.domain.values.time import format_instant
from placet.facade import views
from placet.facade.requester import requester_of
from placet.ports.approval_signer import ApprovalSigner
from placet.usecases.approve_plan import Ballot, end_denied, fill_in, record_approval, show_ballot
from placet.usecases.audit_run import audit_run
from placet.usecases.collect_evidence import collect_evidence
from placet.usecases.prepare_release import Progress
from placet.usecases.publish_package import PublishRequest, publish_package, rehearse_package
from placet.usecases.reconcile import reconcile
from placet.usecases.resume_run import Carried, Waiter, finish_run, give_up
from placet.usecases.search import Hit, Kind, search
from placet.usecases.show_run import RunView, show_run


def silent(step: str, detail: str) -> None:
    """Show no progress."""


class Publishing:
    """What is asked for, approved and carried out."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._context = opened.context
        self._opened = opened

    async def publish(self, request: PublishRequest, *, progress: Progress = silent, wait: Waiter = give_up) -> Object:
        """Publish a packed archive under authorization, or finish an earlier attempt with the same bytes."""
        named = replace(request, requester=await requester_of(self._opened, request.requester))
        return await self.published(await publish_package(self._context, named, progress=progress, wait=wait))

    async def rehearse(self, request: PublishRequest, *, progress: Progress = silent) -> Object:
        """Take the same road as a dry run: what would ship, under which reasons, without touching anything."""
        named = replace(request, requester=await requester_of(self._opened, request.requester))
        return views.rehearsed(await rehearse_package(self._context, named, progress=progress))

    async def ballot(self, run_id: str, approver: str) -> Ballot:
        """Return the run's plan as `approver` must be shown it before they say anything."""
        return await show_ballot(self._context, run_id, approver)

    @staticmethod
    def phrase(ballot: Ballot) -> str:
        """Return the digest of the ballot's plan in words; who asked for it sees the same."""
        return phrase(ballot.plan.digest())

    @staticmethod
    def confirm(ballot: Ballot, heard: str) -> None:
        """Return where `heard` is the phrase of the plan on the ballot; raise `PHRASE_MISMATCH` otherwise."""
        check_phrase(heard, ballot.plan.digest())

    async def say(
        self, ballot: Ballot, decision: str, *, approver: str, key: Path, signer: ApprovalSigner, group: str = ""
    ) -> Object:
        """Approve, deny or withdraw, for every group the person may speak for unless `group` names one.

        `signer` makes the signature where the key is; `DeniedError` says why it does not count. For an
        approval the answer tells what is `missing` still, and whether they had approved `already`.
        """
        before = await show_run(self._context, ballot.run.run_id)
        now = self._context.clock.now()
        public_key = await signer.public_key(key)
        kind = ApprovalDecision(decision)
        groups = (group,) if group else ballot.groups
        if kind is not ApprovalDecision.APPROVE:
            groups = groups[:1]
        if kind is ApprovalDecision.APPROVE:  # whoever speaks for no group is refused where refusals are recorded
            groups = groups or ballot.demanded[:1]
        groups = groups or ("",)
        for each in groups:
            approval = fill_in(
                self._context, ballot, approver=approver, key_id=public_key.key_id, decision=kind, group=each
            )
            encoded = approval.encode()
            await record_approval(self._context, encoded, await signer.sign(encoded, key))
        if kind is ApprovalDecision.DENY:
            await end_denied(self._context, ballot.run.run_id)
        return {
            "run_id": ballot.run.run_id,
            "decision": kind.value,
            "approver": approver,
            "groups": list(groups),
            "plan_digest": ballot.plan.digest(),
            "fingerprint": fingerprint(ballot.plan.digest()),
            "phrase": phrase(ballot.plan.digest()),
            "already": kind is ApprovalDecision.APPROVE and _has_approved(before, approver, groups, now),
            "missing": await self.missing(ballot.run.run_id) if kind is ApprovalDecision.APPROVE else [],
        }

    async def missing(self, run_id: str) -> list[Value]:
        """Return which approvals are missing for what has yet to execute, each sentence once."""
        view = await show_run(self._context, run_id)
        waiting = [each for each in view.operations if each.receipt is None]
        refusals = [refusal for each in waiting for refusal in each.judgement.refusals]
        return list(dict.fromkeys(each.sentence for each in refusals if each.code == "APPROVALS_MISSING"))

    async def resume(self, run_id: str, *, wait: Waiter = give_up) -> Object:
        """Go on with a planned run; of one that is done, return what became of it: nothing is done again."""
        run = await stored_run(self._context, run_id)
        return await self.published(await finish_run(self._context, run, wait=wait))

    async def runs(self, *, limit: int = 100) -> Object:
        """Return the newest runs first."""
        return {"runs": [views.run(each) for each in await list_runs(self._context, limit=limit)]}

    async def run(self, run_id: str) -> Object:
        """Return the four-phase timeline of a run, and why each operation did or did not ship."""
        return views.timeline(await show_run(self._context, run_id))

    async def audit(self, run_id: str) -> Object:
        """Return one record per attempt, denial and blocked intent of a run, as the ledger has them."""
        return views.audit(await audit_run(self._context, run_id))

    async def search(self, query: str, *, kind: str = "", limit: int = 50, after: str = "") -> Object:
        """Return a page of what `query` finds: ids, their beginnings, parts of names; `kind` names one type.

        Over the network, of packages and certificates what the caller may see, and of runs with what
        belongs to them what a scope lets them read.
        """
        kinds = (Kind(kind),) if kind else tuple(Kind)
        sight = await sight_of(self._context, self._opened.caller)
        found = await search(
            self._context, query, kinds=kinds, limit=limit, after=after, sees=lambda hit: _sees(sight, hit)
        )
        return views.hits(found)

    async def plan(self, run_id: str, approver: str = "person:nobody") -> Object:
        """Return the newest plan of a run: its text as approvers are shown it, and its members."""
        ballot = await show_ballot(self._context, run_id, approver)
        return {
            "run_id": run_id,
            "plan_digest": ballot.plan.digest(),
            "fingerprint": fingerprint(ballot.plan.digest()),
            "phrase": phrase(ballot.plan.digest()),
            "created_at": format_instant(ballot.plan.created_at),
            "requester": ballot.plan.requester,
            "policy_digest": ballot.plan.policy_digest,
            "mode": ballot.plan.mode.value,
            "operations": [operation.to_object() for operation in ballot.plan.operations],
            "text": ballot.text,
        }

    async def reconcile(self) -> Object:
        """Look up every effect in doubt; send nothing."""
        return {"receipts": [views.cleared(each) for each in await reconcile(self._context)]}

    async def published(self, carried: Carried) -> Object:
        """Return what was carried out; of a publication also the file with its evidence."""
        shipped = [each for each in carried.reports if each.operation.operation_kind is OperationKind.PUBLISH_PACKAGE]
        if not shipped:
            return views.carried(carried)
        subject = shipped[0].operation.subject
        bundle = await collect_evidence(self._context, carried.run.run_id)
        place = self._opened.evidence.write(subject.name, subject.version, bundle)
        self._context.at("evidence.written")
        archive = shipped[0].operation.artifacts[0]
        return {
            **views.carried(carried),
            "package": subject.name,
            "version": subject.version,
            "sha256": archive.sha256,
            "sha512": archive.sha512,
            "bundle": str(place),
        }


def _sees(sight: Sight, hit: Hit) -> bool:
    if sight.caller is None or hit.kind in (Kind.PACKAGE, Kind.CERTIFICATE):
        return sight.sees(hit.package)
    return sight.caller.may_read_runs(hit.package)


def _has_approved(view: RunView, approver: str, groups: tuple[str, ...], now: datetime) -> bool:
    """Tell whether the approver's last word on the plan was a yes for one of these groups, and is in time."""
    said = [approval for approval, _ in view.approvals if approval.approver == approver and approval.group in groups]
    return bool(said) and said[-1].decision is ApprovalDecision.APPROVE and now < said[-1].expires_at
