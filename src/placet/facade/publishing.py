"""Publish, rehearse, approve, resume, reconcile, and look at runs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from placet.bootstrap import Opened
from placet.core.entities.stored import missing
from placet.core.lookup import list_runs
from placet.core.runs import stored_run
from placet.core.runs_seen import look
from placet.core.signing import Pen, sign_for_groups
from placet.domain.authorization.api_key import Verb
from placet.domain.authorization.approval import ApprovalDecision, parse_approval
from placet.domain.authorization.ballot import Ballot, Signed, one_decision
from placet.domain.authorization.operation import OPERATION_ID
from placet.domain.authorization.phrase import check_phrase, phrase
from placet.domain.authorization.render import fingerprint, shown_digest
from placet.domain.encoding.canonical import Object, Value
from placet.domain.package.publish_request import PublishRequest
from placet.domain.values.kinds import OperationKind
from placet.errors import UnavailableError
from placet.facade import views
from placet.facade.artifacts import Artifacts
from placet.facade.requester import requester_of
from placet.facade.visible import check_run_goes_on, check_run_seen, check_scope, sees_hits, sight
from placet.ports.approval_signer import ApprovalSigner
from placet.usecases.approve_plan import end_denied, record_approval, show_ballot
from placet.usecases.audit_run import audit_run
from placet.usecases.collect_evidence import collect_evidence
from placet.usecases.prepare_release import Progress
from placet.usecases.publish_package import publish_package, rehearse_package
from placet.usecases.reconcile import reconcile
from placet.usecases.resume_run import Carried, Waiter, finish_run, give_up
from placet.usecases.search import Kind, search
from placet.usecases.show_run import RunView, show_run

_SEARCHING = asyncio.Semaphore(8)
"""How many search at a time: it takes the longer the more there is that they may not see."""


def silent(step: str, detail: str) -> None:
    """Show no progress."""


class Publishing:
    """What is asked for, approved and carried out."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._context = opened.context
        self._opened = opened
        self._artifacts = Artifacts(opened)

    async def publish(self, request: PublishRequest, *, progress: Progress = silent, wait: Waiter = give_up) -> Object:
        """Publish a packed archive under authorization, or finish an earlier attempt with the same bytes."""
        named = replace(request, requester=await requester_of(self._opened, request.requester))
        return await self.published(await publish_package(self._context, named, progress=progress, wait=wait))

    async def rehearse(self, request: PublishRequest, *, progress: Progress = silent) -> Object:
        """Take the same road as a dry run: what would ship, under which reasons, without touching anything."""
        named = replace(request, requester=await requester_of(self._opened, request.requester))
        return views.rehearsed(await rehearse_package(self._context, named, progress=progress))

    async def publish_delivered(self, archive: str, request: PublishRequest) -> Object:
        """Publish the archive that the caller uploaded under the digest `archive`, as `publish`; do not wait.

        The caller needs the scope `runs:write` for the package that `request` names. Raise as
        `publish_package`, `DeniedError` (`SCOPE_INSUFFICIENT`), and `NotFoundError` (`ARTIFACT_MISSING`).
        """
        return await self.publish(await self._delivered(archive, request))

    async def rehearse_delivered(self, archive: str, request: PublishRequest) -> Object:
        """Take the road of `publish_delivered` as a dry run."""
        return await self.rehearse(await self._delivered(archive, request))

    async def _delivered(self, archive: str, request: PublishRequest) -> PublishRequest:
        check_scope(self._opened, Verb.PUBLISH, request.package)
        return replace(request, tgz=await self._artifacts.content(archive))

    async def ballot(self, run_id: str, approver: str) -> Ballot:
        """Return the run's plan as `approver` must be shown it before they say anything."""
        await check_run_seen(self._opened, run_id)
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
        pen = Pen(approver=approver, key=key, signer=signer, at=self._context.clock.now())
        return await self.record(ballot.run_id, await sign_for_groups(pen, ballot, decision, group))

    async def record(self, run_id: str, signed: Sequence[Signed]) -> Object:
        """Put on record what one person signed about the run's newest plan: one decision, for one or more groups.

        Raise `InvalidInputError` (`APPROVAL_INVALID`) for what does not belong together, and as `record_approval`.
        """
        await check_run_seen(self._opened, run_id)
        approvals = [parse_approval(each.encoded) for each in signed]
        said = one_decision(run_id, approvals)
        before = await show_run(self._context, run_id)
        now = self._context.clock.now()
        groups = tuple(each.group for each in approvals)
        for each in signed:
            await record_approval(self._context, each.encoded, each.signature)
        if said.decision is ApprovalDecision.DENY:
            await end_denied(self._context, run_id)
        approves = said.decision is ApprovalDecision.APPROVE
        return {
            "run_id": run_id,
            "decision": said.decision.value,
            "approver": said.approver,
            "groups": list(groups),
            "plan_digest": said.plan_digest,
            "fingerprint": fingerprint(said.plan_digest),
            "phrase": phrase(said.plan_digest),
            "already": approves and _has_approved(before, said.approver, groups, now),
            "missing": await self.missing(run_id) if approves else [],
        }

    async def missing(self, run_id: str) -> list[Value]:
        """Return which approvals are missing for what has yet to execute, each sentence once."""
        await check_run_seen(self._opened, run_id)
        view = await show_run(self._context, run_id)
        waiting = [each for each in view.operations if each.receipt is None]
        refusals = [refusal for each in waiting for refusal in each.judgement.refusals]
        return list(dict.fromkeys(each.sentence for each in refusals if each.code == "APPROVALS_MISSING"))

    async def waiting(self, run_id: str) -> Object:
        """Return how far a run is, and which approvals are `missing`."""
        await check_run_seen(self._opened, run_id)
        run = await stored_run(self._context, run_id)
        return {"run_id": run_id, "state": run.state.value, "missing": await self.missing(run_id)}

    async def resume(self, run_id: str, *, wait: Waiter = give_up) -> Object:
        """Go on with a planned run; of one that is done, return what became of it: nothing is done again."""
        await check_run_goes_on(self._opened, run_id)
        run = await stored_run(self._context, run_id)
        return await self.published(await finish_run(self._context, run, wait=wait))

    async def runs(self, *, limit: int = 100, after: str = "") -> Object:
        """Return the newest runs first; `after` is what the page before said, empty for the first and of the last."""
        found = await list_runs(self._context, limit=limit + 1, after=after, sight=await sight(self._opened))
        shown = found[:limit]
        return {"runs": [views.run(each) for each in shown], "after": shown[-1].run_id if len(found) > limit else ""}

    async def run(self, run_id: str) -> Object:
        """Return the four-phase timeline of a run, and why each operation did or did not ship."""
        await check_run_seen(self._opened, run_id)
        return views.timeline(await show_run(self._context, run_id))

    async def operation(self, operation_id: str) -> Object:
        """Return one operation of any plan of a run, and why it did or did not ship; raise `NotFoundError`."""
        if re.fullmatch(OPERATION_ID, operation_id) is None:
            raise missing(f"operation {operation_id[:80]}")
        run_id, number, _ = operation_id.split("/")
        if self._opened.caller is not None and await look(self._context, await sight(self._opened), run_id) is None:
            raise missing(f"operation {operation_id[:80]}")
        view = await show_run(self._context, run_id, plan=int(number))
        found = [each for each in view.operations if each.operation.operation_id == operation_id]
        if not found:
            raise missing(f"operation {operation_id[:80]}")
        return {"run_id": run_id, "run_state": view.run.state.value, **views.operation(found[0], view.run)}

    async def mode(self) -> Object:
        """Return the mode in which this installation performs what is approved, and the name of its log."""
        return {"mode": self._context.mode.value, "log": self._context.issuer}

    async def audit(self, run_id: str) -> Object:
        """Return one record per attempt, denial and blocked intent of a run, as the ledger has them."""
        await check_run_seen(self._opened, run_id)
        return views.audit(await audit_run(self._context, run_id))

    async def search(self, query: str, *, kind: str = "", limit: int = 50, after: str = "") -> Object:
        """Return a page of what `query` finds: ids, their beginnings, parts of names; `kind` names one type.

        Over the network, of packages and certificates what the caller may see, and of runs with what
        belongs to them what a scope lets them read; raise `UnavailableError` (`BUSY`) where many search.
        """
        kinds = (Kind(kind),) if kind else tuple(Kind)
        sees = await sees_hits(self._opened)
        if _SEARCHING.locked():
            raise UnavailableError("BUSY", "too many are searching here", hint="try again in a second")
        async with _SEARCHING:
            found = await search(self._context, query, kinds=kinds, limit=limit, after=after, sees=sees)
        return views.hits(found)

    async def plan(self, run_id: str, approver: str = "person:nobody") -> Object:
        """Return the newest plan of a run: its text as approvers are shown it, and its members."""
        return (await self.ballot(run_id, approver)).to_object()

    async def ballot_sent(self, run_id: str, approver: str) -> Object:
        """Return a ballot as it goes over the network: the plan's own bytes, of which text and digests are made again.

        `plan_digest` and `shown_digest` are what an approval has to carry.
        """
        ballot = await self.ballot(run_id, approver)
        return {
            "run_id": run_id,
            "plan": ballot.plan.encode().decode("ascii"),
            "policy_version": ballot.policy_version,
            "plan_digest": ballot.plan.digest(),
            "shown_digest": shown_digest(ballot.text),
            "text": ballot.text,
            "phrase": phrase(ballot.plan.digest()),
            "demanded": list(ballot.demanded),
            "groups": list(ballot.groups),
            "breaks_glass": ballot.breaks_glass,
        }

    async def reconcile(self) -> Object:
        """Look up every effect in doubt; send nothing."""
        found = await reconcile(self._context, sight=await sight(self._opened))
        return {"receipts": [views.cleared(each) for each in found]}

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
            "bundle": str(place) if self._opened.caller is None else self._bundle_url(carried.run.run_id),
        }

    def _bundle_url(self, run_id: str) -> str:
        """Return where who asks over the network gets the bundle: no path of this machine is theirs to know."""
        return f"{self._context.settings.bases.api}/api/v1/runs/{run_id}/evidence"


def _has_approved(view: RunView, approver: str, groups: tuple[str, ...], now: datetime) -> bool:
    """Tell whether the approver's last word on the plan was a yes for one of these groups, and is in time."""
    said = [each.approval for each in view.approvals]
    said = [each for each in said if each.approver == approver and each.group in groups]
    return bool(said) and said[-1].decision is ApprovalDecision.APPROVE and now < said[-1].expires_at
