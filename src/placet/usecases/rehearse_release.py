"""Rehearse: the whole road of a run as a dry run, stage by stage, and what would ship (protocol 2, contract 8)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from placet.core.context import Context
from placet.core.entities.runs import Run
from placet.core.governed import judgements_of
from placet.core.runs import Intent, add_plan, open_run
from placet.domain.authorization.plan import Plan
from placet.domain.values.kinds import Mode
from placet.ports.effects import Observation
from placet.usecases.certify_package import certificate_intent, keep
from placet.usecases.dry_run import Intended, record_intents
from placet.usecases.prepare_release import Progress, Release, check_name


class WouldShip(StrEnum):
    """What would become of an operation in production, as far as can be told now; the later the worse."""

    YES = "yes"
    AFTER_APPROVALS = "after_approvals"
    UNKNOWN = "unknown"
    NO = "no"


class Observed(Struct, frozen=True, kw_only=True):
    """A precondition of an operation, and the fact as its provider showed it."""

    fact: str
    expected: str
    observation: Observation

    @property
    def holds(self) -> bool:
        """Tell whether the fact is as it was planned to be."""
        return self.observation.value == self.expected


class OneRehearsed(Struct, frozen=True, kw_only=True):
    """One operation of a dry run: its intent, what was observed for it, and whether it would ship."""

    intended: Intended
    observed: tuple[Observed, ...]

    @property
    def would_ship(self) -> WouldShip:
        """Return what would become of it: the worst of what policy and providers say."""
        record = self.intended.record
        said = [WouldShip.YES]
        if len(record.reasons) > 1:  # the first is the mode's
            said.append(WouldShip.AFTER_APPROVALS if record.awaiting else WouldShip.NO)
        for each in self.observed:
            if not each.holds:
                unobserved = each.observation.value == "unobserved"
                said.append(WouldShip.UNKNOWN if unobserved else WouldShip.NO)
        return worst(said)


class Stage(Struct, frozen=True, kw_only=True):
    """One stage of the road: its name, how it ended, and what there is to say about it."""

    name: str
    status: str
    detail: str


class Rehearsed(Struct, frozen=True, kw_only=True):
    """A dry run: its plans, each operation as it was recorded, and the stages of its road."""

    run: Run
    plans: tuple[Plan, ...]
    operations: tuple[OneRehearsed, ...]
    policy_version: str
    stages: tuple[Stage, ...]

    @property
    def plan(self) -> Plan:
        """Return the newest plan: that of the effects."""
        return self.plans[-1]

    @property
    def not_made(self) -> tuple[str, ...]:
        """Return what was not made for any of it, each once."""
        return tuple(dict.fromkeys(name for each in self.operations for name in each.intended.record.not_made))

    @property
    def would_ship(self) -> WouldShip:
        """Return what would become of the whole: an operation that does not ship stops those after it."""
        return worst([each.would_ship for each in self.operations])


def worst(said: Sequence[WouldShip]) -> WouldShip:
    """Return the worst of several answers."""
    return max(said, key=list(WouldShip).index)


class Rehearsal(Struct, frozen=True, kw_only=True):
    """What is rehearsed: by whom it is asked, about what, its plans, and what was verified of it beforehand."""

    requester: str
    subject: str
    archive_sha256: str
    plans: Sequence[Sequence[Intent]]
    verified: str


async def rehearse_release(context: Context, release: Release, progress: Progress) -> Rehearsed:
    """Rehearse the release of a package: the same plans as in production, with the archive as it was packed."""
    await check_name(context, release)
    parcel = release.parcel(await keep(context, f"{release.package.version}.tgz", release.tgz))
    package = release.package
    rehearsal = Rehearsal(
        requester=release.requester,
        subject=release.subject,
        archive_sha256=release.archive_sha256,
        plans=[[certificate_intent(package)], release.intents(parcel)],
        verified=f"archive profile {package.profile}, {len(package.files)} files, sha256 {package.digests.sha256}",
    )
    return await rehearse(context, rehearsal, progress)


async def rehearse(context: Context, rehearsal: Rehearsal, progress: Progress) -> Rehearsed:
    """Take the whole road as a dry run. Nothing is opened once `execute` was told to `progress`."""
    observed = {
        (number, step): await _observe(context, intent)
        for number, intents in enumerate(rehearsal.plans, 1)
        for step, intent in enumerate(intents, 1)
    }
    run = await open_run(
        context,
        mode=Mode.DRY_RUN,
        requester=rehearsal.requester,
        subject=rehearsal.subject,
        archive_sha256=rehearsal.archive_sha256,
    )
    plans = []
    not_made: dict[str, tuple[str, ...]] = {}
    for intents in rehearsal.plans:
        plans.append(plan := await add_plan(context, run, intents))
        run = run.planned()
        lacking = zip(plan.operations, intents, strict=True)
        not_made |= {operation.operation_id: intent.not_made for operation, intent in lacking}
    policy_version = (await judgements_of(context, plans[-1]))[0].policy_version
    progress("planned", plans[-1].digest())
    progress("execute", "blocked by mode: nothing is opened from here on")
    run, _, intended = await record_intents(context, run.run_id, not_made=not_made)
    progress("blocked by mode", run.run_id)
    operations = tuple(
        OneRehearsed(intended=each, observed=found) for each, found in zip(intended, observed.values(), strict=True)
    )
    return Rehearsed(
        run=run,
        plans=tuple(plans),
        operations=operations,
        policy_version=policy_version,
        stages=_stages(rehearsal, operations, plans, policy_version),
    )


async def _observe(context: Context, intent: Intent) -> tuple[Observed, ...]:
    return tuple(
        [
            Observed(
                fact=each.fact,
                expected=each.expected,
                observation=await context.observer.observe(intent.subject, each.fact),
            )
            for each in intent.preconditions
        ]
    )


def _stages(
    rehearsal: Rehearsal, operations: Sequence[OneRehearsed], plans: Sequence[Plan], policy_version: str
) -> tuple[Stage, ...]:
    facts = [f"{each.fact} is {each.observation.value}" for one in operations for each in one.observed]
    outside = sorted({one.intended.operation.subject.provider for one in operations})
    verdict = worst([one.would_ship for one in operations])
    seqs = [one.intended.seq for one in operations]
    said = (
        ("discover", "done", "; ".join(facts) or "nothing has to be observed"),
        ("select", "done", f"{len(operations)} operations at {', '.join(outside)}"),
        ("verify", "done", rehearsal.verified),
        ("evaluate", "done", f"policy {policy_version}: would ship: {verdict.value.replace('_', ' ')}"),
        ("plan", "done", f"{len(plans)} {'plan' if len(plans) == 1 else 'plans'}, each with its digest"),
        ("authorize", "advisory", f"{len(operations)} advisory receipts, none of them enforceable"),
        ("execute", "blocked_by_mode", "nothing was opened, nothing was sent"),
        ("audit", "recorded", f"entries {seqs[0]} to {seqs[-1]}"),
    )
    return tuple(Stage(name=name, status=status, detail=detail) for name, status, detail in said)
