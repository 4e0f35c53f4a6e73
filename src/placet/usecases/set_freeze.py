"""Set a freeze: nothing that it covers is minted or performed until it is lifted (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from placet.core import identifiers
from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.denials import record_denial
from placet.core.entities.freezes import FREEZES, open_freezes, with_freeze
from placet.core.entities.governance import POLICY_IN_FORCE, principal_key, stored_principal
from placet.core.entities.stored import entity_of
from placet.core.judgement import policy_in_force
from placet.domain.authorization.freeze import Freeze, checked_freeze
from placet.domain.log.change import Snapshot
from placet.domain.values.time import cut_to_milliseconds
from placet.errors import DeniedError


async def set_freeze(context: Context, *, subjects: tuple[str, ...], reason: str, actor: str) -> Freeze:
    """Freeze what matches `subjects` from now on, in one change, without anybody's approval.

    Raise `InvalidInputError` (`FREEZE_INVALID`), and `DeniedError` (recorded): `NO_RULE` where the
    policy in force names `actor` neither in a group nor among its `freezers`, or they are not
    enrolled or disabled; `FROZEN` where too many are open, of theirs or in all.
    """
    now = cut_to_milliseconds(context.clock.now())
    freeze = checked_freeze(
        Freeze(
            freeze_id=identifiers.freeze_id(now, context.randomness.token(identifiers.EVENT_RANDOM_BYTES)),
            subjects=subjects,
            reason=reason,
            set_by=actor,
            set_at=now,
            begins_at=now,
        )
    )

    def decision(snapshot: Snapshot, at: datetime) -> Decision:
        _check_may_freeze(snapshot, actor, at)
        return Decision(
            type="freeze.set",
            actor=actor,
            subject=freeze.freeze_id,
            data={"freeze_id": freeze.freeze_id, "subjects": list(freeze.subjects)},
            writes={FREEZES: with_freeze(open_freezes(snapshot), freeze)},
            once=(f"freeze/{freeze.freeze_id}",),
        )

    try:
        await decide(context, lambda _: (FREEZES, POLICY_IN_FORCE, principal_key(actor)), decision)
    except DeniedError as error:
        await record_denial(context, error, actor=actor, run_id="", operation_id="")
        raise
    return freeze


def _check_may_freeze(snapshot: Snapshot, actor: str, now: datetime) -> None:
    policy = policy_in_force(snapshot)
    if policy is None or not policy.may_freeze(actor):
        raise DeniedError("NO_RULE", f"the policy does not let {actor} freeze: only its approvers and freezers may")
    entity = entity_of(snapshot, principal_key(actor))
    if entity is None or not stored_principal(entity).active_at(now):
        raise DeniedError("NO_RULE", f"{actor} is not enrolled, or disabled")
