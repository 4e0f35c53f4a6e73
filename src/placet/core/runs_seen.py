"""Who may see a run over the network, with what belongs to it, and go on with it (contract 1, attacks A87).

A run is seen by who asked for it, by whoever may say no to it (an approver of the policy in
force), in a session, and by a scope `runs:read` for everything that it is about. To everybody else
it is the same nothing as what is not there, and costs as many reads. On the machine itself all is seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from msgspec import Struct

from placet.core.caller import Caller
from placet.core.context import Context
from placet.core.entities.governance import POLICY_IN_FORCE
from placet.core.entities.receipts import read_receipt_record, receipt_key
from placet.core.entities.runs import PLANS_OF_A_PUBLICATION, Run, plan_key, read_plan, read_run, run_key
from placet.core.entities.stand_ins import NO_RUN, a_plan, a_receipt, a_run
from placet.core.entities.stored import entity_of, missing
from placet.core.judgement import policy_in_force
from placet.domain.authorization.api_key import Verb
from placet.domain.authorization.operation import RUN_ID
from placet.domain.authorization.principal import PERSON
from placet.domain.log.change import Entity, EntityKey, Snapshot
from placet.domain.values.kinds import GOVERNED_KINDS
from placet.errors import DeniedError, InvalidInputError


class Seen(Struct, frozen=True, kw_only=True):
    """A run, and its stored plans as far as there are any."""

    run: Run
    plans: tuple[Entity, ...]

    @property
    def names(self) -> frozenset[str]:
        """Return the names that all of it is about.

        There are none for what no scope is about: governed acts, what has no plan and no archive, and a plan that
        cannot be read.
        """
        try:
            operations = [operation for plan in self.plans for operation in read_plan.anew(plan).operations]
        except InvalidInputError:
            return frozenset()
        if any(each.operation_kind in GOVERNED_KINDS for each in operations):
            return frozenset()
        names = {each.subject.name for each in operations}
        return frozenset(names | ({name_in(self.run.subject)} if self.run.archive_sha256 else set()))


class RunSight(Struct, frozen=True, kw_only=True):
    """Whose eyes: `caller` is None on the machine itself; `approves` tells of a person in a group of the policy."""

    caller: Caller | None
    approves: bool

    @property
    def everything(self) -> bool:
        """Tell whether nothing is hidden."""
        caller = self.caller
        return caller is None or self.approves or caller.in_session or caller.covers_everything(Verb.READ)

    @property
    def is_member(self) -> bool:
        """Tell whether these are the eyes of a person here, who may know who else there is."""
        return self.caller is None or self.everything or _is_person(self.caller)

    def is_of(self, principal_id: str) -> bool:
        """Tell whether what belongs to a principal alone, its sessions and keys, is seen."""
        return self.everything or (self.caller is not None and self.caller.principal_id == principal_id)

    def sees(self, seen: Seen) -> bool:
        """Tell whether a run is seen."""
        return self.everything or self.owns(seen.run) or self._covers(Verb.READ, seen)

    def owns(self, run: Run) -> bool:
        """Tell whether the run was asked for by who looks."""
        return self.caller is not None and run.requester == self.caller.principal_id

    def may_go_on(self, seen: Seen) -> bool:
        """Tell whether who looks may carry out, or take back, what is approved: no scope covers governed acts."""
        if self.caller is None or self.caller.in_session:
            return True
        return self.approves or self.owns(seen.run) or self._covers(Verb.PUBLISH, seen)

    def _covers(self, verb: str, seen: Seen) -> bool:
        caller = self.caller
        names = seen.names if caller is not None else frozenset[str]()
        return caller is not None and bool(names) and all(caller.covers(verb, name) for name in names)


EVERYTHING = RunSight(caller=None, approves=False)


async def run_sight_of(context: Context, caller: Caller | None) -> RunSight:
    """Return what `caller` may see now, everything where there is none."""
    if caller is None:
        return EVERYTHING
    policy = policy_in_force(await context.store.load([POLICY_IN_FORCE]))
    approves = policy is not None and _is_person(caller) and policy.is_approver(caller.principal_id)
    return RunSight(caller=caller, approves=approves)


async def seen_run(context: Context, sight: RunSight, run_id: str) -> Seen:
    """Return a run that is seen; raise `NotFoundError` for one that is hidden as for one that is not there."""
    seen = await look(context, sight, run_id)
    if seen is None:
        raise missing(f"run {run_id[:60]}")
    return seen


async def seen_receipt(context: Context, sight: RunSight, receipt_id: str) -> Seen:
    """Return the run of a receipt that is seen; raise `NotFoundError` for any other, as `seen_run`."""
    key = receipt_key(receipt_id)
    entity = entity_of(await context.store.load([key]), key)
    record = read_receipt_record(entity or a_receipt())
    seen = await look(context, sight, record.operation_id.partition("/")[0])
    if seen is None:
        raise missing(f"receipt {receipt_id[:60]}")
    return seen


def check_may_go_on(sight: RunSight, seen: Seen) -> None:
    """Return where who sees a run may also carry it out or take it back; raise `DeniedError` (`SCOPE_INSUFFICIENT`)."""
    if sight.may_go_on(seen):
        return
    scopes = [f"{Verb.PUBLISH}={name}" for name in sorted(seen.names)]
    needed = f"the key has no scope {' and '.join(scopes)}" if scopes else "no scope covers a governed act"
    raise DeniedError(
        "SCOPE_INSUFFICIENT",
        f"run {seen.run.run_id} is {seen.run.requester}'s, and {needed}",
        hint="who asked for it goes on with it, or an approver does",
    )


async def look(context: Context, sight: RunSight, run_id: str) -> Seen | None:
    """Return a run that is seen, else None: in as many reads for one that is hidden as for one that is not there."""
    return (await look_at(context, sight, [run_id])).get(run_id)


async def look_at(context: Context, sight: RunSight, run_ids: Collection[str]) -> Mapping[str, Seen]:
    """Return those of these runs that are seen, in one read, however many there are."""
    looked_for = {each: each if re.fullmatch(RUN_ID, each) else NO_RUN for each in run_ids}
    keys = [key for run_id in looked_for.values() for key in (run_key(run_id), *_plan_keys(run_id))]
    snapshot = await context.store.load(keys)
    looked = {asked: _look_in(snapshot, sight, run_id) for asked, run_id in looked_for.items()}
    return {asked: seen for asked, seen in looked.items() if seen is not None}


def _look_in(snapshot: Snapshot, sight: RunSight, run_id: str) -> Seen | None:
    """Return a run that is seen. One that is not there is judged, too: as a run of nobody's, about nothing."""
    entity = entity_of(snapshot, run_key(run_id))
    stored = tuple(found for key in _plan_keys(run_id) if (found := entity_of(snapshot, key)) is not None)
    seen = Seen(run=read_run.anew(entity or a_run()), plans=stored if entity else (a_plan(),))
    return seen if sight.sees(seen) and entity is not None else None


def _plan_keys(run_id: str) -> list[EntityKey]:
    return [plan_key(run_id, number) for number in range(1, PLANS_OF_A_PUBLICATION + 1)]


def name_in(subject: str) -> str:
    """Return the name in what a run is about: `NAME@VERSION`, or `PROVIDER:NAME` with or without a version."""
    name = subject.partition(":")[2] or subject
    return name[: name.rfind("@")] if "@" in name[1:] else name


def _is_person(caller: Caller) -> bool:
    return re.fullmatch(PERSON, caller.principal_id) is not None
