"""Runs of a service: the verbs of `Publishing`, asked for over the network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from placet.client.artifacts import RemoteArtifacts
from placet.client.ballots import ballot_of
from placet.client.break_glass import signed_object
from placet.client.tools import Tools
from placet.client.waiting import RUNS, Waiter, carried_out, give_up, going_on
from placet.client.wire import Wire
from placet.core.signing import Pen, sign_for_groups
from placet.domain.authorization.ballot import Ballot
from placet.domain.authorization.phrase import check_phrase, phrase
from placet.domain.encoding.archive import read_archive
from placet.domain.encoding.canonical import Object
from placet.domain.package.publish_request import PublishRequest
from placet.ports.approval_signer import ApprovalSigner

Progress: TypeAlias = Callable[[str, str], None]
"""Told each step of the sequence and what is known then."""
_PUBLICATIONS = ("api", "v1", "publications")


def silent(step: str, detail: str) -> None:
    """Show no progress."""


class RemotePublishing:
    """What is asked for, approved and carried out at a service."""

    def __init__(self, wire: Wire, tools: Tools, *, offline: bool) -> None:
        """Ask over `wire`; with `offline`, have no provider asked anything for what is planned."""
        self._wire = wire
        self._tools = tools
        self._offline = offline
        self.artifacts = RemoteArtifacts(wire)

    async def publish(self, request: PublishRequest, *, progress: Progress = silent, wait: Waiter = give_up) -> Object:
        """Send a packed archive and have it published, or an earlier attempt with the same bytes finished."""
        body = await self._sent(request, progress)
        return await carried_out(self._wire, lambda: self._wire.post(*_PUBLICATIONS, body=body), wait)

    async def rehearse(self, request: PublishRequest, *, progress: Progress = silent) -> Object:
        """Send a packed archive and take the same road as a dry run."""
        return await self._wire.post(*_PUBLICATIONS, "dry-run", body=await self._sent(request, progress))

    async def _sent(self, request: PublishRequest, progress: Progress) -> Object:
        package = read_archive(request.tgz)
        progress("package", f"{package.name}@{package.version}")
        archive = await self.artifacts.send(request.tgz)
        progress("uploaded", archive)
        return {
            "package": package.name,
            "version": package.version,
            "archive": archive,
            "to": list(request.to),
            "dist_tag": request.dist_tag,
            "access": request.access,
            "requester": request.requester,
            "offline": self._offline,
        }

    async def ballot(self, run_id: str, approver: str) -> Ballot:
        """Return the run's plan as `approver` must be shown it, made again here; raise as `ballot_of`."""
        return ballot_of(run_id, await self._wire.get(*RUNS, run_id, "ballot", approver=approver))

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
        """Approve, deny or withdraw, signed here, for every group the person may speak for unless `group` names one."""
        pen = Pen(approver=approver, key=key, signer=signer, at=self._tools.clock.now())
        signed = await sign_for_groups(pen, ballot, decision, group)
        said = [signed_object(each) for each in signed]
        return await self._wire.post(*RUNS, ballot.run_id, "approvals", body={"approvals": said})

    async def resume(self, run_id: str, *, wait: Waiter = give_up) -> Object:
        """Go on with a planned run; of one that is done, return what became of it: nothing is done again."""
        return await carried_out(self._wire, going_on(self._wire, run_id), wait)

    async def runs(self, *, limit: int = 100, after: str = "") -> Object:
        """Return the newest runs that the key may see, newest first."""
        return await self._wire.get(*RUNS, limit=limit, after=after)

    async def run(self, run_id: str) -> Object:
        """Return the four-phase timeline of a run, and why each operation did or did not ship."""
        return await self._wire.get(*RUNS, run_id)

    async def audit(self, run_id: str) -> Object:
        """Return one record per attempt, denial and blocked intent of a run, as the ledger has them."""
        return await self._wire.get(*RUNS, run_id, "audit")

    async def plan(self, run_id: str, approver: str = "person:nobody") -> Object:
        """Return the newest plan of a run, its text and phrase made again here from its own bytes."""
        return (await self.ballot(run_id, approver)).to_object()

    async def search(self, query: str, *, kind: str = "", limit: int = 50, after: str = "") -> Object:
        """Return a page of what `query` finds of what the key may see."""
        return await self._wire.get("api", "v1", "search", q=query, type=kind, limit=limit, after=after)

    async def reconcile(self) -> Object:
        """Have every effect in doubt looked up that the key may see; nothing is sent."""
        return await self._wire.post("api", "v1", "reconcile", body={})
