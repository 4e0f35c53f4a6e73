"""Ask for a core operation and perform it in one change, where the policy lets that be at once (protocol 5).

Planning, minting, the checks and the act share the change: a run that is recorded so is done, and
nothing of it is ever left open. Whoever is not let through at once takes the longer road, on which
refusals are recorded and approvals awaited.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from placet.core.context import Context
from placet.core.entities.governance import approval_set_key
from placet.core.entities.runs import Run, RunState, operation_key, plan_key, plan_object, read_plan, read_run
from placet.core.judgement import Judgement, judgement_premises
from placet.core.limits import plan_counters
from placet.core.perform import Asked, Performed, Planned, Road, Writes, act_premises, perform_by
from placet.core.plannable import check_plannable
from placet.core.runs import Intent, bound_plan, new_run, plan_premises, plan_template
from placet.core.said import NOTHING_SAID, Said
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.log.change import Count, Entity, EntityKey, Head, Snapshot
from placet.domain.values.kinds import Mode
from placet.errors import DeniedError, InvalidInputError, NotFoundError
from placet.ports.store import ConflictError


async def perform_at_once(
    context: Context, intent: Intent, *, requester: str, contents: Mapping[str, bytes], said: Said = NOTHING_SAID
) -> tuple[Run, Operation, Performed] | None:
    """Plan and perform `intent` in one change, which keeps `said`; return None without a trace where that cannot be."""
    run = new_run(context, mode=Mode.PROD, requester=requester, subject=str(intent.subject))
    change = _Change(run, plan_template(context, run, [intent]))
    operation = change.template.operations[0]
    road = Road(
        premises=change.premises,
        plan=change.planned,
        writes=change.writes,
        once=(run.run_id, f"plan/{run.run_id}/1"),
        counters=_counters,
        said=said,
    )
    try:
        await check_plannable(context, [operation])
        asked = Asked(operation=operation, contents=contents, actor=requester)
        performed = await perform_by(context, asked, road)
    except (DeniedError, InvalidInputError, NotFoundError, ConflictError):
        return None
    return change.ended(run), operation, performed


class _Change:
    """The change that opens a run, plans its one operation, performs it, and ends the run."""

    def __init__(self, run: Run, template: Plan) -> None:
        """Take the run and its plan, which is bound to what stands when the change is decided."""
        self.template = template
        self._run = run
        self._key = plan_key(run.run_id, 1)
        self._bound: Plan | None = None
        self._made = self._unwritten(template)
        self._seen: tuple[Snapshot, Planned] | None = None

    def premises(self, snapshot: Snapshot | None) -> set[EntityKey]:
        """Return all that the judgement of the change takes, but for what its run makes and nobody else can have."""
        operation = self.template.operations[0]
        keys = plan_premises(self.template) | act_premises(operation)
        if snapshot is None:  # what the plan says by itself is nearly always all
            keys |= judgement_premises(self._before_any_load(), self.template)
        else:
            about = self._about(snapshot)
            keys |= judgement_premises(about.snapshot, about.plan)
        return keys - {self._run.key, self._key, operation_key(operation.operation_id), approval_set_key(self._key)}

    def planned(self, snapshot: Snapshot, now: datetime) -> Planned:  # noqa: ARG002 - a first attempt, at any time
        """Return the plan, and the snapshot as if run and plan were in it."""
        return self._about(snapshot)

    def writes(self, about: Planned, run: Run) -> Writes:
        """Return the run as it ends, and its plan."""
        return {run.key: self.ended(run).to_object(), self._key: plan_object(about.plan)}

    @staticmethod
    def ended(run: Run) -> Run:
        """Return the run with its one plan, executed."""
        return run.planned().moved(RunState.EXECUTED)

    def _unwritten(self, plan: Plan) -> Mapping[EntityKey, Entity]:
        """Return run and plan, as decisions find them."""
        return {self._run.key: read_run.unwritten(self._run.planned()), self._key: read_plan.unwritten(plan)}

    def _before_any_load(self) -> Snapshot:
        head = Head(size=0, time=self.template.created_at, epoch=self.template.issuer)
        return Snapshot(head=head, entities=self._made)

    def _about(self, snapshot: Snapshot) -> Planned:
        if self._seen is None or self._seen[0] is not snapshot:
            self._seen = snapshot, self._found(snapshot)
        return self._seen[1]

    def _found(self, snapshot: Snapshot) -> Planned:
        plan = bound_plan(snapshot, self.template)
        if self._bound is None or plan != self._bound:  # mostly it is as it was a moment ago
            self._bound = plan
            self._made = self._unwritten(plan)
        return Planned(
            snapshot=Snapshot(head=snapshot.head, entities={**snapshot.entities, **self._made}),
            operation=self._bound.operations[0],
            run=self._run,
            plan=self._bound,
            attempt=1,
        )


def _counters(plan: Plan, judgement: Judgement, now: datetime) -> Mapping[str, Count]:
    return plan_counters(plan, [judgement], now)
